r"""What differs between two registries in the text format of Wine, which its server and `RegSaveKey` write.

A file has a section per key that has values, or nothing below it (`save_subkeys`, server/registry.c). So a key that is
only the way to others has none. Sections are compared as bytes, and only those that differ are taken apart.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from harness.machines.wine_prefix.registry_text import HEADER, unescape
from harness.residue.change import Change, Kind, Where

LONGEST_SHOWN = 1000
"""Characters of a value's data in words: more than a rule of the firewall has."""


def difference(before: bytes, after: bytes, root: str) -> list[Change]:
    """Keys and values that were added, removed or changed. `root`: how the file's own root is called, e.g. `HKLM`.

    Raises `ValueError` for what is not a registry file.
    """
    parts_was, parts_now = _parts(before), _parts(after)
    same = frozenset(parts_was).intersection(parts_now)  # with the times of their keys: nobody touched them
    was = dict(_section(part) for part in parts_was if part not in same)
    now = dict(_section(part) for part in parts_now if part not in same)
    ways_was, ways_now = _Ways(parts_was), _Ways(parts_now)
    found: list[Change] = []
    for key in sorted(was.keys() | now.keys()):
        if was.get(key) == now.get(key):
            continue
        path = f"{root}\\{unescape(key)}"
        if key not in was and not ways_was.lead_through(key):
            found.append(Change(kind=Kind.ADDED, where=Where.REGISTRY, path=path, now="key"))
        if key not in now and not ways_now.lead_through(key):
            found.append(Change(kind=Kind.REMOVED, where=Where.REGISTRY, path=path, was="key"))
        found += _values(path, was.get(key, b""), now.get(key, b""))
    return found


def written(before: bytes, after: bytes, root: str) -> Iterator[tuple[str, str | None, bytes]]:
    """Path, value and data of all that was written in between, as it is now; no value: the key itself.

    Raises `ValueError` for what is not a registry file.
    """
    parts_was, parts_now = _parts(before), _parts(after)
    same = frozenset(parts_was).intersection(parts_now)
    known = dict(_section(part) for part in parts_was if part not in same)
    for key, body in (_section(part) for part in parts_now if part not in same):
        was = dict(_lines(known.get(key, b"")))
        path = f"{root}\\{unescape(key)}"
        if key not in known:
            yield path, None, b""
        yield from ((path, name, data) for name, data in _lines(body) if was.get(name) != data)


def _parts(text: bytes) -> list[bytes]:
    if not text.startswith(HEADER):
        raise ValueError("this is not a Wine registry file")
    return text.rstrip(b"\n").split(b"\n[")[1:]


def _section(part: bytes) -> tuple[bytes, bytes]:
    """A key as it is escaped, and the lines under its heading without their time."""
    heading, _, body = part.partition(b"\n")
    if body.startswith(b"#time="):
        body = body.partition(b"\n")[2]
    return heading.rpartition(b"]")[0], body.strip(b"\n")  # a heading that is not closed names nothing


def _values(path: str, before: bytes, after: bytes) -> Iterator[Change]:
    was, now = dict(_lines(before)), dict(_lines(after))
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) == now.get(name):
            continue
        kind = Kind.ADDED if name not in was else Kind.REMOVED if name not in now else Kind.CHANGED
        yield Change(
            kind=kind,
            where=Where.REGISTRY,
            path=path,
            value=name,
            was=_shown(was.get(name)),
            now=_shown(now.get(name)),
        )


def _lines(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and data of each value; lines that end in a backslash go on in the next."""
    for line in body.replace(b"\\\n  ", b"").split(b"\n"):
        if line.startswith(b"@="):
            yield "", line[2:]
        elif line.startswith(b'"'):
            end = 1
            while end < len(line) and line[end] != 0x22:
                end += 2 if line[end] == 0x5C else 1
            yield unescape(line[1:end]), line[end + 2 :]


def _shown(data: bytes | None) -> str:
    if data is None:
        return ""
    text = unescape(data[1:-1]) if data.startswith(b'"') else data.decode("ascii", "replace")
    return (text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…") or "(empty)"


class _Ways:
    """Which keys have others below them."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        self._parts = parts

    @cached_property
    def _sorted(self) -> list[bytes]:
        return sorted(part.partition(b"\n")[0].rpartition(b"]")[0].lower() for part in self._parts)

    def lead_through(self, key: bytes) -> bool:
        below = key.lower() + b"\\\\"
        at = bisect_left(self._sorted, below)
        return at < len(self._sorted) and self._sorted[at].startswith(below)
