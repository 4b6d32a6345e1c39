"""What a file of a package holds and should not: nothing at all, or what nobody may have. Pure but for reading it."""

import re
from pathlib import Path

PROGRAMS = (".exe", ".dll", ".sys", ".ocx")
TEXTS = (
    *(
        ".txt",
        ".md",
        ".rtf",
        ".html",
        ".json",
        ".xml",
        ".yaml",
        ".yml",
        ".toml",
        ".ini",
        ".cfg",
        ".conf",
        ".config",
    ),
    *(
        ".ps1",
        ".psm1",
        ".cmd",
        ".bat",
        ".vbs",
        ".js",
        ".py",
        ".lua",
        ".pem",
        ".crt",
        ".cer",
        ".key",
        ".manifest",
    ),
)
"""What is text, or a program, is never zeros alone; of other data nobody can tell."""
SHORTEST = 16
"""Bytes. So few zeros are a file's own business."""
PIECE = 1 << 20
LONGEST_KEY_FILE = 256 * 1024
"""Bytes. A key is text; a larger file only speaks of keys."""
PRIVATE_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+(?:[\w-]+: [^\r\n]*\s+)*(?:[A-Za-z0-9+/=]+\s+){0,3}?[A-Za-z0-9+/=]{48}"
)
"""With what a key is at least: words that only show where one belongs have dots or a few letters there."""
FOR_TESTS = re.compile(r"(?:^|[\\/])(?:tests?|testdata|examples?|samples?)(?:[\\/])", re.IGNORECASE)


def doubt(path: str, content: Path) -> str:
    """What is wrong with the file, in words, or nothing. `path`: where it is installed to. Raises `OSError`.

    A release was broken all over the world by a file of zeros; that of a failed build is empty.
    """
    size = content.stat().st_size
    if not size:
        return "it is empty" if path.lower().endswith(PROGRAMS) else ""
    if size >= SHORTEST and path.lower().endswith((*PROGRAMS, *TEXTS)) and _only_zeros(content):
        return f"its {size} bytes are all zeros"
    if size <= LONGEST_KEY_FILE and not FOR_TESTS.search(path) and PRIVATE_KEY.search(content.read_bytes()):
        return "it holds a private key, which everybody has who has the package"
    return ""


def _only_zeros(content: Path) -> bool:
    with content.open("rb") as file:
        while piece := file.read(PIECE):
            if piece.strip(b"\0"):
                return False
    return True
