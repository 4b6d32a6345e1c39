"""Which libraries a program asks for when it is loaded, and which of them a Windows machine does not have by itself.

Source: Microsoft's "PE Format", ".idata Section". What a program loads only later (delayed, or by name) is not told.
"""

import mmap
import re
import struct
from pathlib import Path

from harness.candidate.pe import is_pe

MOST = 2000
"""Libraries of one program; a damaged table may never end."""
LONGEST = 260
_DIRECTORY = {0x10B: 96, 0x20B: 112}
"""Of the header's two forms: where its table of directories begins."""

NOT_OF_WINDOWS = re.compile(
    r"(?:msvc[pr]|vcruntime|concrt|vcomp|vccorlib|mfcm?|atl)1[0-4]0(?:_(?:1|2|app|threads|atomic_wait|codecvt_ids))?u?d?\.dll"
    r"|(?:ucrtbase|msvcrt|vcruntime140_1)d\.dll"
    r"|lib(?:gcc_s_\w+|stdc\+\+|winpthread|gomp|ssp|ssl|crypto|curl)(?:-[\w.-]+)?\.dll"
    r"|python3\d*\.dll|zlib1\.dll|qt[56]\w+\.dll",
    re.IGNORECASE,
)
"""Of compilers and libraries that come with a product or with an installer of their own, the names that Windows has not.

Its own are called otherwise: msvcrt.dll, ucrtbase.dll, msvcp_win.dll, …_clr0400.dll.
"""


def imports_of(path: Path) -> tuple[str, ...]:
    """The libraries that are loaded with a program, as it names them; none of a file that is no program, or damaged."""
    if not is_pe(path):
        return ()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
        try:
            return tuple(_names(image))
        except (struct.error, IndexError, ValueError):
            return ()


def lacking(path: Path, packed: frozenset[str]) -> tuple[str, ...]:
    """Those that neither Windows has nor the package. `packed`: names of its files, in lower case."""
    wanted = {name.lower() for name in imports_of(path)}
    return tuple(sorted(name for name in wanted - packed if NOT_OF_WINDOWS.fullmatch(name)))


def _names(image: mmap.mmap) -> list[str]:
    (header,) = struct.unpack_from("<I", image, 0x3C)
    sections, optional = struct.unpack_from("<2xH12xH", image, header + 4)
    begins = header + 24
    (form,) = struct.unpack_from("<H", image, begins)
    if form not in _DIRECTORY:
        return []
    (table,) = struct.unpack_from("<I", image, begins + _DIRECTORY[form] + 8)
    places = [
        struct.unpack_from("<4I", image, begins + optional + 40 * number + 8) for number in range(sections)
    ]
    if not table:
        return []
    found: list[str] = []
    at = _in_file(table, places)
    while len(found) < MOST:
        *_, name, first = struct.unpack_from("<5I", image, at)
        if not (name and first):
            break
        start = _in_file(name, places)
        found.append(image[start : start + LONGEST].partition(b"\0")[0].decode("latin-1"))
        at += 20
    return found


def _in_file(address: int, places: list[tuple[int, ...]]) -> int:
    """Where in the file lies what is loaded to this address. Raises `ValueError` if nowhere."""
    for size, begins, stored, where in places:
        if begins <= address < begins + max(size, stored):
            return where + address - begins
    raise ValueError("outside of every section")
