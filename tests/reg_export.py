"""The text that `reg export` writes, parsed into a tree: the other way to what the probe exports. Pure.

Format: Microsoft, "How to add, modify, or delete registry subkeys and values by using a .reg file", and what
Wine's `reg.exe` writes. Strings may hold raw line breaks, so the text is scanned, not split into lines.
"""

import re
from types import MappingProxyType

from harness.guest.registry_tree import RegistryKey, RegistryTree, RegistryType, RegistryValue, normalised
from harness.model.errors import GuestFault

HEADERS = ("Windows Registry Editor Version 5.00", "REGEDIT4")


class RegistryFormatError(GuestFault):
    """What the guest handed over is not a registry export."""


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
