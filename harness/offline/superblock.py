"""What the first bytes of a volume say: which filesystem it holds, and how much of the disk that takes. Pure.

Sources: "NTFS boot sector", libbde's "BitLocker Drive Encryption (BDE) format", Linux' `ext4/super.rst`, Microsoft's
"FAT: General Overview of On-Disk Format".
"""

import struct

SUPERBLOCK = 1024
HEAD = 2 * SUPERBLOCK
"""Bytes to hand over, from a volume's beginning."""
FILESYSTEMS = "NTFS, ext2/3/4, FAT"
SECTOR_SIZES = (512, 1024, 2048, 4096)
EXT4_64BIT = 0x80
LARGEST_EXT4_BLOCK = 6
"""1024 bytes shifted by this: 64 KiB."""


def filesystem_on(head: bytes) -> str:
    """`ntfs`, `ext4` (2 and 3 too), `fat`, `bitlocker` or `unknown`."""
    if head[3:11] == b"NTFS    ":
        return "ntfs"
    if head[3:11] == b"-FVE-FS-":
        return "bitlocker"
    if head[SUPERBLOCK + 56 : SUPERBLOCK + 58] == b"\x53\xef":
        return "ext4"
    if head[510:512] == b"\x55\xaa" and (head[54:57] == b"FAT" or head[82:87] == b"FAT32"):
        return "fat"
    return "unknown"


def filesystem_size(head: bytes) -> int:
    """How many bytes its filesystem takes, as it says itself; 0 where it does not say it."""
    if len(head) < HEAD:
        return 0
    filesystem = filesystem_on(head)
    if filesystem == "ext4":
        return _ext4_size(head[SUPERBLOCK:])
    sector = _number("<H", head, 11)
    if sector not in SECTOR_SIZES:
        return 0
    if filesystem == "ntfs":
        return _number("<Q", head, 40) * sector
    if filesystem == "fat":
        return (_number("<H", head, 19) or _number("<I", head, 32)) * sector
    return 0


def _ext4_size(superblock: bytes) -> int:
    blocks, shift = _number("<I", superblock, 4), _number("<I", superblock, 24)
    if shift > LARGEST_EXT4_BLOCK:
        return 0
    if _number("<I", superblock, 96) & EXT4_64BIT:
        blocks += _number("<I", superblock, 0x150) << 32
    return blocks << (10 + shift)


def _number(form: str, data: bytes, at: int) -> int:
    return int(struct.unpack_from(form, data, at)[0])
