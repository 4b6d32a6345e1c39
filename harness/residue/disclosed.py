r"""Texts that lie anywhere on a machine, read from outside: in what was written since an earlier look, and nowhere else.

A secret of this run cannot lie in what was there before. So what is read is what the machine wrote: its new and changed
files, and the values of keys that are not as they were.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from harness.machines.wine_prefix.registry_text import unescape
from harness.residue import hive_text
from harness.residue.change import Change, Kind, Where
from harness.residue.unpacked import unpacked
from harness.residue.witness import ROOTS, Look, as_programs_say

LARGEST = 64 << 20
"""Bytes of a file that are read, from its beginning."""


def in_files(changes: Iterable[Change], upper: Path, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Path, in lower case, and text: of each new or changed file in the overlay's drive that holds one of them."""
    forms = as_bytes(texts)
    for change in changes:
        if change.where is not Where.FILE or change.kind is Kind.REMOVED or not change.sha256:
            continue
        try:
            with (upper / change.path[len("C:\\") :].replace("\\", "/")).open("rb") as file:
                content = file.read(LARGEST)
        except OSError:
            continue  # gone meanwhile, as a temporary file goes
        for text in held(content, forms):
            yield masked(change.path.lower(), texts), text


def as_bytes(texts: Collection[str]) -> dict[bytes, str]:
    """How these texts stand in a file, in UTF-8 and in UTF-16 → the text. Pure."""
    return {
        form: text
        for text in texts
        for form in (text.encode(errors="replace"), text.encode("utf-16-le", errors="replace"))
    }


def held(content: bytes, forms: Mapping[bytes, str]) -> set[str]:
    """Which of these texts a file's content holds, as it is or packed in it. Pure."""
    return {text for part in unpacked(content) for form, text in forms.items() if form in part}


def in_registry(before: Look, after: Look, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Where, in lower case, and text: of each value that is not as it was and holds one of them.

    A key or value that is called by one is told by the key that it is in.
    """
    for root in ROOTS.values():
        for path, name, data in hive_text.written(before.hives[root], after.hives[root], root):
            key = as_programs_say(path).lower()
            above, _, own = key.rpartition("\\")
            data_of = plain(data) if name is not None else []
            for text in texts:
                # What is called by it is not told by its name: the place would hold the text.
                if text.lower() in (own if name is None else name.lower()):
                    yield masked(above if name is None else key, texts), text
                elif any(text in each for each in data_of):
                    yield masked(f"{key}\\{(name or '').lower()}", texts), text


def masked(place: str, texts: Collection[str]) -> str:
    """A place in lower case without the texts that are in it. Pure."""
    for text in texts:
        place = place.replace(text.lower(), "***")
    return place


def plain(data: bytes) -> list[str]:
    """What a value's data says as text: as it stands there, or its bytes as letters of one and of two bytes. Pure."""
    kind, _, rest = data.partition(b":")
    if data.startswith(b'"'):
        return [unescape(data[1:-1])]
    if kind.startswith(b"str("):
        return [unescape(rest[1:-1])]
    if kind.startswith(b"hex"):
        content = bytes.fromhex(rest.replace(b",", b"").decode("ascii"))
        return [content.decode("latin-1"), content.decode("utf-16-le", errors="replace")]
    return []
