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
TOKEN = re.compile(
    rb"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82}|glpat-[A-Za-z0-9_-]{20}"
    rb"|xox[bp]-[0-9]{8,}-[A-Za-z0-9-]{20,}|sk_live_[A-Za-z0-9]{24,}|npm_[A-Za-z0-9]{36}"
    rb"|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})(?![A-Za-z0-9_])"
)
"""What opens an account by itself, in the forms by which its issuers tell it from all else (their documentation of
tokens): GitHub, GitLab, Slack, Stripe, npm, SendGrid."""
DRAWN = 12
"""So many different characters at least: one that only shows where a token belongs has few."""
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
    if size > LONGEST_KEY_FILE or FOR_TESTS.search(path):
        return ""
    held = content.read_bytes()
    if PRIVATE_KEY.search(held):
        return "it holds a private key, which everybody has who has the package"
    if any(len(set(token.rpartition(b"_")[2])) >= DRAWN for token in TOKEN.findall(held)):
        return "it holds a token of an account, which everybody has who has the package"
    return ""


def _only_zeros(content: Path) -> bool:
    with content.open("rb") as file:
        while piece := file.read(PIECE):
            if piece.strip(b"\0"):
                return False
    return True
