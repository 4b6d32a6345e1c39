"""What a pattern of a model asks for, in words: nobody who writes a file should have to read a regular expression."""

import re

SHA256 = "a SHA-256: 64 digits of 0-9 and a-f"
NAME = "a name of small letters, digits and hyphens that begins with a letter"
VARIABLE = "the name of an environment variable, such as STAGING_TOKEN"
WEB = "a URL, such as https://host.example/path"

WORDS = {
    r"^\S+$": "a host name or an address, without spaces",
    "^[0-9a-f]{64}$": SHA256,
    "^([0-9a-f]{64})?$": SHA256,
    "^[a-z][a-z0-9-]*$": NAME,
    "^[a-z0-9][a-z0-9-]*$": "a name of small letters, digits and hyphens",
    "^[a-z0-9]+(-[a-z0-9]+)*$": "a name of small letters, digits and hyphens",
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "a name of at most 64 letters, digits, dots, hyphens and underscores",
    "^[A-Za-z_][A-Za-z0-9_]*$": VARIABLE,
    "^([A-Za-z_][A-Za-z0-9_]*)?$": VARIABLE,
    r"^https?://\S+$": WEB,
    "^https?://[^?#]+$": "a URL without ? and #, such as https://login.example.com",
    "^(https?://.+)?$": WEB,
    r"^.+:\d{1,5}$": "ADDRESS:PORT, such as 127.0.0.1:8480",
    r"^[0-9]+(\.[0-9]+){0,3}$": "a version of one to four numbers with dots between them, such as 7.2.0",
    "^D:": "an access list in SDDL that begins with D:",
    r"^(installed\((candidate|previous|oldest)\)|absent)?$": (
        "installed(candidate), installed(previous), installed(oldest) or absent"
    ),
    r"^(file|service|[0-9]+(\.[0-9]+)?)?$": "file, service, or seconds such as 1.5",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": 'a time of day, such as "08:00"',
    "^([A-Z0-9]{5}-){4}[A-Z0-9]{5}$": "a product key of five groups of five letters and digits",
    "^[A-Z][A-Z0-9-]{0,13}[A-Z0-9]$": (
        "a computer name of 2 to 15 capital letters, digits and hyphens that begins with a letter"
    ),
}
CHOICE = re.compile(r"\^\(([a-z0-9]+(?:\|[a-z0-9]+)*)\)\$")


def choices_of(pattern: str) -> tuple[str, ...]:
    """The words that a pattern lets through; empty if it is no mere choice."""
    found = CHOICE.fullmatch(pattern)
    return tuple(found[1].split("|")) if found else ()


def words_of(pattern: str) -> str:
    """What a text must be; the pattern itself if there are no words for it."""
    if choices := choices_of(pattern):
        return " or ".join(", ".join(choices).rsplit(", ", 1))
    return WORDS.get(pattern, f"text of the form {pattern}")
