"""How much of a disk a filesystem says that it takes."""

import struct

import pytest

from harness.offline.superblock import HEAD, filesystem_on, filesystem_size


def head(*parts: tuple[int, bytes]) -> bytes:
    data = bytearray(HEAD)
    for at, value in parts:
        data[at : at + len(value)] = value
    return bytes(data)


def u16(number: int) -> bytes:
    return struct.pack("<H", number)


def u32(number: int) -> bytes:
    return struct.pack("<I", number)


NTFS = (3, b"NTFS    ")
FAT = ((510, b"\x55\xaa"), (54, b"FAT16"), (11, u16(512)))
EXT4 = (1024 + 56, b"\x53\xef")


@pytest.mark.parametrize(
    ("data", "filesystem", "size"),
    [
        (head(), "unknown", 0),
        (head((11, u16(512)), (40, u32(100))), "unknown", 0),
        (head(NTFS, (11, u16(512)), (40, struct.pack("<Q", 1 << 33))), "ntfs", 1 << 42),
        (head(NTFS, (11, u16(513)), (40, u32(100))), "ntfs", 0),
        (head((3, b"-FVE-FS-"), (11, u16(512)), (40, u32(100))), "bitlocker", 0),
        (head(*FAT, (19, u16(2880))), "fat", 2880 * 512),
        (head(*FAT, (32, u32(1 << 20))), "fat", 1 << 29),
        (head(EXT4, (1028, u32(2048)), (1048, u32(2))), "ext4", 2048 * 4096),
        (
            head(EXT4, (1028, u32(1)), (1024 + 96, u32(0x80)), (1024 + 0x150, u32(1))),
            "ext4",
            1024 * ((1 << 32) + 1),
        ),
        (head(EXT4, (1028, u32(1)), (1024 + 0x150, u32(1))), "ext4", 1024),
        (head(EXT4, (1028, u32(1)), (1048, u32(7))), "ext4", 0),
        (head(NTFS, (11, u16(512)), (40, u32(100)))[:600], "ntfs", 0),
        (b"", "unknown", 0),
    ],
)
def test_a_filesystem_says_what_it_is_and_how_large(data: bytes, filesystem: str, size: int) -> None:
    assert (filesystem_on(data), filesystem_size(data)) == (filesystem, size)
