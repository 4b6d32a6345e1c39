"""Two cabinets with one file over both, which no free tool writes. Format: "Microsoft Cabinet File Format"."""

import struct

BLOCK = 0x1000
"""At most 32 KiB."""
CONTINUED_FROM_PREVIOUS, CONTINUED_TO_NEXT = 0xFFFD, 0xFFFE
HAS_PREVIOUS, HAS_NEXT = 1, 2


def split_cabinets(member: str, data: bytes, names: tuple[str, str]) -> tuple[bytes, bytes]:
    """Cabinets of these names that hold `data` as `member`, uncompressed; its second block is torn in two."""
    blocks = [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)]
    torn, half = blocks[1], len(blocks[1]) // 2
    first = [(blocks[0], len(blocks[0])), (torn[:half], 0)]
    second = [(torn[half:], len(torn)), *((block, len(block)) for block in blocks[2:])]
    return (
        _cabinet(member, len(data), first, HAS_NEXT, CONTINUED_TO_NEXT, names[1], 0),
        _cabinet(member, len(data), second, HAS_PREVIOUS, CONTINUED_FROM_PREVIOUS, names[0], 1),
    )


def _cabinet(
    member: str, size: int, blocks: list[tuple[bytes, int]], flags: int, folder: int, other: str, index: int
) -> bytes:
    neighbour = other.encode() + b"\0\0"
    entry = struct.pack("<IIHHHH", size, 0, folder, 0, 0, 0x20) + member.encode() + b"\0"
    files_at = 36 + len(neighbour) + 8
    data_at = files_at + len(entry)
    body = b"".join(struct.pack("<IHH", 0, len(data), whole) + data for data, whole in blocks)
    folders = struct.pack("<IHH", data_at, len(blocks), 0)
    total = data_at + len(body)
    head = struct.pack("<4s5I2B5H", b"MSCF", 0, total, 0, files_at, 0, 3, 1, 1, 1, flags, 77, index)
    return head + neighbour + folders + entry + body
