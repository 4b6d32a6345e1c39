"""Which name was meant by one that is not there: so like it that one of them is mistyped. Pure."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

NEAR = 0.85
"""`difflib.SequenceMatcher.ratio` from which two names are taken for one that was mistyped."""


def like(name: str, names: Sequence[str]) -> str:
    """The name that was meant, if there is one so like it. Names that differ in their digits alone are two names."""
    by_lower = {each.lower(): each for each in names}
    for found in get_close_matches(name.lower(), list(by_lower), n=3, cutoff=NEAR):
        if found != name.lower() and _without_digits(found) != _without_digits(name.lower()):
            return by_lower[found]
    return ""


def _without_digits(name: str) -> str:
    return "".join(sign for sign in name if not sign.isdecimal())


def like_key(key: str, keys: Iterable[str]) -> str:
    """A key that was meant, or the same one in the other view of 32-bit programs."""
    bare = [part for part in key.lower().split("\\") if part != "wow6432node"]
    known = list(keys)
    same = [
        each for each in known if [part for part in each.lower().split("\\") if part != "wow6432node"] == bare
    ]
    return same[0] if same else like_path(key, known)


def like_path(path: str, paths: Iterable[str]) -> str:
    """One that differs from this in one part alone, and there by a mistype. Files keep their ending."""
    parts = path.lower().split("\\")
    for known in paths:
        theirs = known.lower().split("\\")
        different = [(mine, other) for mine, other in zip(parts, theirs, strict=False) if mine != other]
        if len(parts) == len(theirs) and len(different) == 1:
            mine, other = different[0]
            if like(mine, [other]) and mine.rpartition(".")[2:] == other.rpartition(".")[2:]:
                return known
            if like(mine, [other]) and "." not in mine + other:
                return known
    return ""


def elsewhere(path: str, paths: Iterable[str]) -> str:
    """The one that has this name in another folder, if it is the only one."""
    name = path.lower().rpartition("\\")[2]
    found = [each for each in paths if each.lower().rpartition("\\")[2] == name]
    return found[0] if len(found) == 1 else ""
