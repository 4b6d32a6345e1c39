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
OF_PKCS8_OR_PKCS1 = re.compile(rb"\x30\x82(?P<length>..)\x02\x01\x00(?:\x30.{1,2}\x06|\x02\x82)", re.DOTALL)
"""How a private key begins that is no text: version 0, then what kind of key (RFC 5958) or its modulus (RFC 8017)."""
OF_PKCS12 = re.compile(
    rb"\x30\x82..\x02\x01\x03\x30.{0,4096}?\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01[\x01\x02]",
    re.DOTALL,
)
"""A file of certificates that holds a bag of a key, too (RFC 7292, keyBag and pkcs8ShroudedKeyBag)."""
CLOUD_KEY = re.compile(
    rb"(?i:aws_secret_access_key|aws_secret_key)[\"']?\s*[=:]\s*[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
    rb"|AccountKey=([A-Za-z0-9+/]{86}==)"
)
"""What opens an account at Amazon or a store at Azure, by the names that these have for it."""
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
    if PRIVATE_KEY.search(held) or _is_key(held):
        return "it holds a private key, which everybody has who has the package"
    tokens = [token.rpartition(b"_")[2] for token in TOKEN.findall(held)]
    tokens += [key for keys in CLOUD_KEY.findall(held) for key in keys if key and b"EXAMPLE" not in key]
    if any(len(set(token)) >= DRAWN for token in tokens):
        return "it holds a token of an account, which everybody has who has the package"
    return ""


def _is_key(content: bytes) -> bool:
    """Whether it is a private key in DER, from its first byte to its last, or a file of PKCS #12 with one."""
    found = OF_PKCS8_OR_PKCS1.match(content)
    if found and int.from_bytes(found["length"], "big") + 4 == len(content):
        return True
    return OF_PKCS12.match(content) is not None


def _only_zeros(content: Path) -> bool:
    with content.open("rb") as file:
        while piece := file.read(PIECE):
            if piece.strip(b"\0"):
                return False
    return True
