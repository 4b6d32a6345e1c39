"""The text that `reg export` writes, parsed into a tree. Pure.

Format: Microsoft, "How to add, modify, or delete registry subkeys and values by using a .reg file", and what
Wine's `reg.exe` writes. Strings may hold raw line breaks, so the text is scanned, not split into lines.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from harness.model.errors import GuestFault

HEADERS = ("Windows Registry Editor Version 5.00", "REGEDIT4")

HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}


class RegistryFormatError(GuestFault):
    """What the guest handed over is not a registry export."""


class RegistryType(IntEnum):
    """Microsoft, "Registry value types". Drivers store further numbers, which stay plain integers."""

    NONE = 0
    SZ = 1
    EXPAND_SZ = 2
    BINARY = 3
    DWORD = 4
    DWORD_BIG_ENDIAN = 5
    LINK = 6
    MULTI_SZ = 7
    RESOURCE_LIST = 8
    FULL_RESOURCE_DESCRIPTOR = 9
    RESOURCE_REQUIREMENTS_LIST = 10
    QWORD = 11


_NUMBERS: dict[int, int] = {RegistryType.DWORD: 4, RegistryType.DWORD_BIG_ENDIAN: 4, RegistryType.QWORD: 8}

RegistryData = str | int | tuple[str, ...] | bytes


@dataclass(frozen=True)
class RegistryValue:
    """One value; `name` is empty for a key's default value."""

    name: str
    type: int
    raw: bytes
    """As stored: strings in UTF-16LE with their final NUL, numbers as their type says."""

    @property
    def data(self) -> RegistryData:
        """What the type says it is: text, number, tuple of strings; the bytes for anything else."""
        if self.type in (RegistryType.SZ, RegistryType.EXPAND_SZ, RegistryType.LINK):
            return _utf16(self.raw).split("\0", 1)[0]
        if self.type == RegistryType.MULTI_SZ:
            text = _utf16(self.raw).split("\0\0", 1)[0].rstrip("\0")
            return tuple(text.split("\0")) if text else ()
        if self.type in _NUMBERS and len(self.raw) == _NUMBERS[self.type]:
            return int.from_bytes(self.raw, "big" if self.type == RegistryType.DWORD_BIG_ENDIAN else "little")
        return self.raw


@dataclass(frozen=True)
class RegistryKey:
    """One key with its values by lower-case name."""

    path: str
    values: Mapping[str, RegistryValue]

    def value(self, name: str) -> RegistryValue | None:
        """The value `name` (any case; empty: the default value), or None."""
        return self.values.get(name.lower())


@dataclass(frozen=True)
class ValueChange:
    """A value before and after; None where it did not exist."""

    key: str
    name: str
    before: RegistryValue | None
    after: RegistryValue | None


@dataclass(frozen=True)
class RegistryDiff:
    """What changed between two trees. Values of added and removed keys are listed too."""

    keys_added: tuple[str, ...]
    keys_removed: tuple[str, ...]
    values: tuple[ValueChange, ...]

    def __bool__(self) -> bool:
        return bool(self.keys_added or self.keys_removed or self.values)


@dataclass(frozen=True)
class RegistryTree:
    """Keys by normalised path: full hive name, lower case."""

    keys: Mapping[str, RegistryKey]

    def key(self, path: str) -> RegistryKey | None:
        """The key at `path` (any case, short or full hive name), or None."""
        return self.keys.get(normalised(path))

    def value(self, path: str, name: str) -> RegistryValue | None:
        """The value `name` of the key at `path`, or None if either is missing."""
        key = self.key(path)
        return key.value(name) if key else None

    def children(self, path: str) -> tuple[str, ...]:
        """The names of the keys directly under `path`, in the export's order and case."""
        prefix = normalised(path) + "\\"
        below = (key.path for name, key in self.keys.items() if name.startswith(prefix))
        return tuple(p[len(prefix) :] for p in below if "\\" not in p[len(prefix) :])

    def diff(self, after: "RegistryTree") -> RegistryDiff:
        """What is different in `after`."""
        changes = []
        for path in sorted(self.keys.keys() | after.keys.keys()):
            old, new = self.keys.get(path), after.keys.get(path)
            old_values = old.values if old else {}
            new_values = new.values if new else {}
            shown = (new or old or RegistryKey(path, {})).path
            for name in sorted(old_values.keys() | new_values.keys()):
                before, now = old_values.get(name), new_values.get(name)
                if before is None or now is None or (before.type, before.raw) != (now.type, now.raw):
                    real = now or before
                    changes.append(ValueChange(shown, real.name if real else name, before, now))
        return RegistryDiff(
            keys_added=tuple(after.keys[path].path for path in sorted(after.keys.keys() - self.keys.keys())),
            keys_removed=tuple(self.keys[path].path for path in sorted(self.keys.keys() - after.keys.keys())),
            values=tuple(changes),
        )


def full_path(path: str) -> str:
    r"""`path` with its hive's full name: `HKLM\X` becomes `HKEY_LOCAL_MACHINE\X`."""
    hive, separator, rest = path.strip("\\").partition("\\")
    return HIVES.get(hive.upper(), hive) + separator + rest


def normalised(path: str) -> str:
    """The form by which keys are compared."""
    return full_path(path).lower()


def decode(data: bytes) -> str:
    """The text of an export: UTF-16 with byte-order mark (version 5), else one byte per character (REGEDIT4).

    Raises `RegistryFormatError` for what is neither.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        # A value may hold a lone surrogate: Windows does not check, so neither may this.
        encoding = "utf-16-le" if data.startswith(b"\xff\xfe") else "utf-16-be"
        return data[2:].decode(encoding, errors="surrogatepass" if len(data) % 2 == 0 else "replace")
    return data.decode("cp1252", errors="replace")


_KEY = re.compile(r"\[(-?)([^\r\n]*)\][ \t]*(?=\r?\n|\Z)")
_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_VALUE = re.compile(
    rf"""(?:(@)|{_QUOTED})[ \t]*=[ \t]*
    (?: {_QUOTED} | dword:([0-9a-f]{{1,8}}) | (-)
      | hex(?:\(([0-9a-f]{{1,8}})\))?:([0-9a-f,\ \t]*(?:\\\r?\n[0-9a-f,\ \t]*)*) )
    [ \t]*(?=\r?\n|\Z)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_SKIP = re.compile(r"(?:[ \t\r\n\0]+|;[^\n]*)+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NOT_HEX = re.compile(r"[^0-9a-fA-F,]+")


def parse(text: str) -> RegistryTree:
    """The tree in an export's text. Raises `RegistryFormatError` with the line that cannot be understood."""
    text = text.removeprefix("\ufeff")
    header = next((h for h in HEADERS if text.startswith(h)), None)
    if header is None:
        raise RegistryFormatError(f"not a registry export: it begins with {text[:40]!r}")
    ansi = header == "REGEDIT4"
    keys: dict[str, RegistryKey] = {}
    values: dict[str, RegistryValue] | None = None
    position = len(header)
    while True:
        if skipped := _SKIP.match(text, position):
            position = skipped.end()
        if position >= len(text):
            return RegistryTree(MappingProxyType(keys))
        if text[position] == "[":
            found = _KEY.match(text, position)
            if found is None:
                raise _error(text, position)
            path = found[2]
            if found[1]:
                values = None  # `[-KEY]` deletes; what follows belongs to no key
            else:
                known = keys.get(normalised(path))
                values = dict(known.values) if known else {}
                keys[normalised(path)] = RegistryKey(path, values)
        else:
            found = _VALUE.match(text, position)
            if found is None or values is None:
                raise _error(text, position)
            value = _value(found, ansi=ansi)
            if value is not None:
                values[value.name.lower()] = value
        position = found.end()


def _value(found: re.Match[str], *, ansi: bool) -> RegistryValue | None:
    default, name, string, dword, _deleted, kind, data = found.groups()
    name = "" if default else _ESCAPE.sub(r"\1", name)
    if string is not None:
        text = _ESCAPE.sub(r"\1", string)
        return RegistryValue(name, RegistryType.SZ, (text + "\0").encode("utf-16-le", errors="surrogatepass"))
    if dword is not None:
        return RegistryValue(name, RegistryType.DWORD, int(dword, 16).to_bytes(4, "little"))
    if data is not None:
        number = int(kind, 16) if kind else RegistryType.BINARY
        raw = bytes(int(pair, 16) & 0xFF for pair in _NOT_HEX.sub("", data).split(",") if pair)
        if ansi and number in (RegistryType.EXPAND_SZ, RegistryType.MULTI_SZ):
            raw = raw.decode("cp1252", errors="replace").encode("utf-16-le")
        return RegistryValue(name, number, raw)
    return None


def _error(text: str, position: int) -> RegistryFormatError:
    line = text.count("\n", 0, position) + 1
    return RegistryFormatError(
        f"line {line} of a registry export cannot be understood: {text[position : position + 60]!r}"
    )


def _utf16(data: bytes) -> str:
    return data[: len(data) // 2 * 2].decode("utf-16-le", errors="surrogatepass")
