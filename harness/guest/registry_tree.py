"""Keys and values of a registry as a tree, and what is different in another one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from harness.model.errors import GuestFault

HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}


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
    """Keys by normalised path: full hive name, lower case.

    `refused`: the Windows error of each key that is there and could not be read; an agent may keep one to itself.
    """

    keys: Mapping[str, RegistryKey]
    refused: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def key(self, path: str) -> RegistryKey | None:
        """The key at `path` (any case, short or full hive name), or None.

        Raises `GuestFault` if nothing tells, because that key or one above it could not be read.
        """
        wanted = normalised(path)
        for kept, code in self.refused.items():
            if wanted == kept or wanted.startswith(f"{kept}\\"):
                raise GuestFault(
                    f"Nothing tells what the registry key {full_path(path)} holds: {self.keys[kept].path} could not be"
                    f" read, Windows error {code}.",
                    code=code,
                )
        return self.keys.get(wanted)

    def value(self, path: str, name: str) -> RegistryValue | None:
        """The value `name` of the key at `path`, or None if either is missing. Raises like `key`."""
        key = self.key(path)
        return key.value(name) if key else None

    def children(self, path: str) -> tuple[str, ...]:
        """The names of the keys directly under `path`, in the export's order and case."""
        prefix = normalised(path) + "\\"
        below = (key.path for name, key in self.keys.items() if name.startswith(prefix))
        return tuple(p[len(prefix) :] for p in below if "\\" not in p[len(prefix) :])

    def diff(self, after: "RegistryTree") -> RegistryDiff:
        """What is different in `after`. Of a key that could not be read there is nothing to compare."""
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


def _utf16(data: bytes) -> str:
    return data[: len(data) // 2 * 2].decode("utf-16-le", errors="surrogatepass")
