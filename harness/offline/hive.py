"""Registry hives from a stopped machine, by libregf.

Windows writes changes to a hive's transaction logs first. A machine that was not shut down leaves them there: this
reader does not apply them, it says so in `Hive.warnings`. Source: "Windows registry file format specification"
(M. Suhanov).
"""

import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pyregf

from harness.model.base import Frozen
from harness.offline.disk import OfflineDisk
from harness.offline.errors import LIBRARY_ERRORS, HiveUnreadable, NotAHive, NotOnDisk, reason
from harness.offline.hive_record import folded, key_name, resident_data, shown, value_name

LARGEST_HIVE = 1024 * 1024 * 1024
LOG_HEAD = 512
BASE_BLOCK = 4096
LOG_TYPES = (1, 2, 6)
"""In a base block's file type: transaction logs, old and new. A hive has 0 ("Base block")."""
UNASKABLE = re.compile("[\0\ud800-\udfff]")
"""What a name may hold and the library takes none of."""
WIDEST_NUMBER = 8
"""Bytes of a REG_QWORD. More is no number, whatever its type says, and has more digits than anybody reads."""
REG_SZ, REG_EXPAND_SZ, REG_DWORD, REG_MULTI_SZ, REG_QWORD = 1, 2, 4, 7, 11


class HiveValue(Frozen):
    """One value; an empty name is the key's default value. `type` is the number of the REG_ type."""

    name: str
    type: int
    data: bytes

    @property
    def text(self) -> str:
        """REG_SZ and REG_EXPAND_SZ as text, without the terminating zero; REG_MULTI_SZ one string per line."""
        text = self.data[: len(self.data) & ~1].decode("utf-16-le", "surrogatepass")
        if self.type == REG_MULTI_SZ:
            return "\n".join(part for part in text.split("\0") if part)
        return text.split("\0")[0]

    @property
    def number(self) -> int:
        """REG_DWORD and REG_QWORD, and any other data as a little-endian number."""
        return int.from_bytes(self.data, "little")

    def __str__(self) -> str:
        if self.type in (REG_SZ, REG_EXPAND_SZ, REG_MULTI_SZ):
            return self.text
        is_number = self.type in (REG_DWORD, REG_QWORD) and len(self.data) <= WIDEST_NUMBER
        return str(self.number) if is_number else self.data.hex()


class Hive:
    r"""One hive. Keys are written below its root, `Microsoft\Windows NT`, upper and lower case alike.

    Made by `open_hive` or `parse_hive`. Methods raise `HiveUnreadable` for damage.
    """

    def __init__(self, data: bytes, name: str, warnings: tuple[str, ...]) -> None:
        self.name = name
        self._data = data
        self._file = pyregf.file()
        with self._reading("the hive"):
            self._file.open_file_object(io.BytesIO(data))
            damaged = bool(self._file.is_corrupted())
        self.warnings = warnings + ((f"{name} is damaged: parts of it are missing",) if damaged else ())
        """What makes the answers incomplete: pending transaction logs, damage. Empty for a clean hive."""

    def value(self, key: str, name: str = "") -> HiveValue | None:
        """One value, or None if the key or the value is missing."""
        return next(
            (value for value in self.values(key) if folded(value.name) == folded(name))
            if self.has(key)
            else iter(()),
            None,
        )

    def values(self, key: str) -> tuple[HiveValue, ...]:
        """All values of a key. Raises `NotOnDisk` if there is no such key."""
        with self._reading(key):
            found = self._key(key)
            return tuple(self._value(found.get_value(number)) for number in range(found.number_of_values))

    def subkeys(self, key: str = "") -> tuple[str, ...]:
        """Names of the keys directly below. Raises `NotOnDisk` if there is no such key."""
        with self._reading(key):
            found = self._key(key)
            return tuple(
                key_name(self._data, found.get_sub_key(number).offset)
                for number in range(found.number_of_sub_keys)
            )

    def has(self, key: str) -> bool:
        """Whether there is such a key."""
        with self._reading(key):
            return self._find(key) is not None

    def _key(self, key: str) -> "pyregf.key":
        found = self._find(key)
        if found is None:
            raise NotOnDisk(f"there is no key {shown(key)} in the hive {self.name}")
        return found

    def _value(self, found: "pyregf.value") -> HiveValue:
        resident = resident_data(self._data, found.offset)
        return HiveValue(
            name=value_name(self._data, found.offset),
            type=found.type,
            data=(found.data or b"") if resident is None else resident,
        )

    def _find(self, key: str) -> "pyregf.key | None":
        found = self._file.get_root_key()
        for name in key.strip("\\").split("\\"):
            if found is not None and name:
                found = self._below(found, name)
        return found

    def _below(self, key: "pyregf.key", name: str) -> "pyregf.key | None":
        """The key `name` directly below: asked of the library, which is fast, then looked for by its own record."""
        if not UNASKABLE.search(name):
            found = key.get_sub_key_by_name(name)
            if found is not None and folded(key_name(self._data, found.offset)) == folded(name):
                return found
            if found is None and name.isascii():
                return None
        each = (key.get_sub_key(number) for number in range(key.number_of_sub_keys))
        return next(
            (found for found in each if folded(key_name(self._data, found.offset)) == folded(name)), None
        )

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        try:
            yield
        except LIBRARY_ERRORS as error:
            raise HiveUnreadable(
                f"{shown(what) or 'The root key'} of {self.name} cannot be read: {reason(error)}."
            ) from error


def open_hive(disk: OfflineDisk, path: str) -> Hive:
    r"""A hive file and its transaction logs, e.g. `C:\Windows\System32\config\SOFTWARE`.

    Raises `NotOnDisk`, `NotAHive`, `HiveUnreadable`, and what reading the disk raises.
    """
    logs = {
        suffix: disk.read(path + suffix, LOG_HEAD)
        for suffix in (".LOG1", ".LOG2")
        if disk.exists(path + suffix)
    }
    size = disk.stat(path).size
    if size > LARGEST_HIVE:
        raise NotAHive(f"{path} has {size} bytes; no hive is that large.")
    return parse_hive(disk.read(path, LARGEST_HIVE), path, logs)


def parse_hive(data: bytes, name: str = "hive", logs: "dict[str, bytes] | None" = None) -> Hive:
    """A hive from its bytes; `logs` are the first 512 bytes of its transaction logs by suffix."""
    if len(data) < LOG_HEAD or data[:4] != b"regf":
        raise NotAHive(f"{name} is no registry hive: it does not begin with a regf header.")
    if (
        struct.unpack_from("<I", data, 0x1C)[0] in LOG_TYPES
    ):  # one that was never used is shorter than a base block
        raise NotAHive(
            f"{name} is a transaction log, which holds changes to a hive and not the hive itself.",
            hint="Name the hive: the file beside it without .LOG, .LOG1 or .LOG2.",
        )
    if len(data) < BASE_BLOCK:
        raise NotAHive(
            f"{name} is no whole registry hive: it has {len(data)} bytes, its header alone has {BASE_BLOCK}."
        )
    warnings = _pending(data, name, logs or {})
    # A torn header alone does not make the rest unreadable: the library gets it with its checksum put right.
    return Hive(b"".join((data[:508], struct.pack("<I", _checksum(data)), data[512:])), name, warnings)


def _pending(data: bytes, name: str, logs: "dict[str, bytes]") -> tuple[str, ...]:
    primary, secondary = struct.unpack_from("<II", data, 4)
    if primary == secondary and _checksum(data) == struct.unpack_from("<I", data, 508)[0]:
        return ()  # Windows itself applies logs to a dirty hive only
    warnings = [f"{name} is dirty: the machine stopped while it was being written"]
    for suffix, head in sorted(logs.items()):
        if (
            len(head) == LOG_HEAD
            and head[:4] == b"regf"
            and struct.unpack_from("<I", head, 4)[0] >= secondary
        ):
            warnings.append(f"{name}{suffix} holds later changes that are not shown here")
    return tuple(warnings)


def _checksum(data: bytes) -> int:
    """XOR of the base block's first 127 words; 0 and 2^32-1 are replaced ("Base block")."""
    total = 0
    for (word,) in struct.iter_unpack("<I", data[:508]):
        total ^= word
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(total, total)
