"""The command lines in the script of a set-up program that NSIS made. Pure but for `nsis_lines`.

Source: NSIS, `Source/exehead/fileform.h` (the first header, its compression) and `lang.h` (codes within texts). A script
that is packed with bzip2, in NSIS's own form of it, is not read, nor is the uninstaller's, which is another one.
"""

import lzma
import re
import struct
import zlib
from contextlib import suppress
from pathlib import Path

from harness.candidate.kinds import NSIS

HEADER = struct.Struct("<ii")
"""Behind the mark: the length of the script once it is unpacked, and of all that follows."""
PACKED = 0x80000000
"""Of the length before a script that is packed by itself. The head of LZMA may look the same."""
LZMA_HEAD = 5
MOST_BYTES = 64 << 20
CODE_16 = re.compile("[\x01-\x04].")
"""What stands for a variable or a folder in a text of two bytes a letter: a code and its number."""
CODE_8 = re.compile("[\x01-\x04]..")
HELD = "[x]"
LINE = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f]{4,4096}")


def nsis_lines(path: Path) -> tuple[str, ...]:
    """The texts of the script, command lines among them; a variable is `[x]`. None where they cannot be read.

    Raises `OSError`.
    """
    content = path.read_bytes()
    at = content.find(NSIS)
    if at < 0:
        return ()
    begin = at + len(NSIS) + HEADER.size
    length, _ = HEADER.unpack_from(content.ljust(begin), at + len(NSIS))
    script = _script(content[begin:], length) if 0 < length <= MOST_BYTES else b""
    return tuple(dict.fromkeys([*_wide(script), *_narrow(script)]))


def _script(data: bytes, length: int) -> bytes:
    """Unpacked; empty if it is packed in a way that is not known here."""
    size = int.from_bytes(data[:4], "little")
    if size == length:  # not packed at all
        return data[4 : 4 + length]
    by_itself = _unpacked(data[4 : 4 + (size & ~PACKED)], length) if size & PACKED else b""
    if len(by_itself) == length:
        return by_itself
    return _unpacked(data, length + 4)[4:]  # in one piece with all files, its length before it


def _unpacked(data: bytes, most: int) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, most)
    head = data[:LZMA_HEAD]
    if len(head) < LZMA_HEAD or head[0] >= 9 * 5 * 5:
        return b""
    rest, lc = divmod(head[0], 9)
    pb, lp = divmod(rest, 5)
    form = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(4096, int.from_bytes(head[1:], "little")),
        "lc": lc,
        "lp": lp,
        "pb": pb,
    }
    with suppress(lzma.LZMAError, ValueError, MemoryError):
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[form]).decompress(data[LZMA_HEAD:], most)
    return b""


def _wide(script: bytes) -> list[str]:
    found = []
    for first in (0, 1):  # where the texts begin depends on what stands before them
        text = script[first : first + (len(script) - first) // 2 * 2].decode("utf-16-le", "replace")
        found += [line for line in LINE.findall(CODE_16.sub(HELD, text)) if line.isascii()]
    return found


def _narrow(script: bytes) -> list[str]:
    return LINE.findall(CODE_8.sub(HELD, script.decode("latin-1")))
