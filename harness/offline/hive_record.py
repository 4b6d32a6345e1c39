"""Names and small data of a hive's records, from their own bytes. Pure.

libregf reads names through a code page and ends them at a NUL, and gives zeros for data of one to three bytes, which lie
in the value's record itself. Its offsets are right, so these few fields are read here. Source: "Windows registry file
format specification" (M. Suhanov), "Key node", "Key value".
"""

import re

KEY_COMPRESSED, VALUE_COMPRESSED = 0x20, 0x01
RESIDENT = 0x80000000
"""In the size of a value's data: it lies in the record, in place of its offset."""
INLINE_BYTES = 4
UNSHOWABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
SHOWN = re.compile(r"\{U\+([0-9A-F]{4})\}")


def key_name(hive: bytes, offset: int) -> str:
    """The name of the key node at `offset`. Raises `ValueError` where there is none."""
    return _name(hive, offset, b"nk", flags_at=2, size_at=72, name_at=76, compressed=KEY_COMPRESSED)


def value_name(hive: bytes, offset: int) -> str:
    """The name of the value at `offset`; empty for a key's default value. Raises `ValueError` where there is none."""
    return _name(hive, offset, b"vk", flags_at=16, size_at=2, name_at=20, compressed=VALUE_COMPRESSED)


def resident_data(hive: bytes, offset: int) -> bytes | None:
    """The data in the value's record itself; None if it lies elsewhere. Raises `ValueError` where there is no value."""
    record = hive[offset : offset + 20]
    if len(record) < 20 or record[:2] != b"vk":
        raise ValueError(f"there is no value at byte {offset}")
    size = int.from_bytes(record[4:8], "little")
    if not size & RESIDENT:
        return b"" if size == 0 else None
    return record[8 : 8 + min(size & ~RESIDENT, INLINE_BYTES)]


def folded(name: str) -> str:
    """The form by which the registry compares names: each UTF-16 unit in upper case, none becomes two."""
    return "".join(upper if len(upper := each.upper()) == 1 else each for each in name)


def shown(text: str) -> str:
    """Text for a terminal: what has no sign of its own, or is half a character, as `{U+0000}`."""
    return UNSHOWABLE.sub(lambda found: f"{{U+{ord(found[0]):04X}}}", text)


def from_shown(text: str) -> str:
    """What `shown` made this of."""
    return SHOWN.sub(lambda found: chr(int(found[1], 16)), text)


def _name(
    hive: bytes, offset: int, magic: bytes, *, flags_at: int, size_at: int, name_at: int, compressed: int
) -> str:
    if hive[offset : offset + 2] != magic:
        raise ValueError(f"there is no {magic.decode()} record at byte {offset}")
    size = _number(hive, offset + size_at)
    name = hive[offset + name_at : offset + name_at + size]
    if len(name) < size:
        raise ValueError(f"the name of the record at byte {offset} is cut short")
    if _number(hive, offset + flags_at) & compressed:
        return name.decode("latin-1")  # the lower bytes of UTF-16 units, whatever a code page may say
    return name[: size & ~1].decode("utf-16-le", "surrogatepass")


def _number(hive: bytes, at: int) -> int:
    return int.from_bytes(hive[at : at + 2], "little")
