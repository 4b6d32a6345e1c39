"""The files of a drive on a virtual machine's disk at one moment, from its overlay alone, and what differs between two.

As `overlay_tree` does it on Wine: what the overlay does not hold is as it is in the image.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.offline.difference import FileState
from harness.residue.change import Change, Kind, Where

Held = Mapping[str, tuple[FileState | None, FileState | None]]
"""Path below the drive's root, with `/`: what the image has there, and what the overlay has."""
DIGITS = 12


@dataclass(frozen=True)
class DiskTree:
    """A drive at one moment."""

    held: Held


AS_THE_IMAGE = DiskTree({})
"""The drive before anything was written."""


def difference(before: DiskTree, after: DiskTree) -> list[Change]:
    """What was added, removed and changed, each by its path on drive C:. A new time alone is no change."""
    found = []
    for path in sorted(before.held.keys() | after.held.keys()):
        was, now = _at(before, after, path), _at(after, before, path)
        if _compared(was) != _compared(now):
            found.append(file_change(path, was, now))
    return found


def file_change(path: str, was: FileState | None, now: FileState | None) -> Change:
    """In words, with the path as Windows names it."""
    kind = Kind.ADDED if was is None else Kind.REMOVED if now is None else Kind.CHANGED
    known = now or was
    return Change(
        kind=kind,
        where=Where.FILE,
        path="C:\\" + path.replace("/", "\\"),
        was=_words(was),
        now=_words(now),
        size=now.size if now else None,
        sha256=now.sha256 if now else "",
        modified_s=now.modified_s if now else None,
        owner=known.owner if known else "",
    )


def _at(tree: DiskTree, other: DiskTree, path: str) -> FileState | None:
    """What was there; a file whose content is the image's gets the image's digest where the other look has read it."""
    image, state = tree.held.get(path) or other.held[path][:1] * 2
    if state is None or state.sha256:
        return state
    further = other.held.get(path)
    digest = (image.sha256 if image else "") or (further[0].sha256 if further and further[0] else "")
    return replace(state, sha256=digest)


def _compared(state: FileState | None) -> object:
    return state and (state.kind, state.size, state.owner, state.access, state.marks, state.sha256)


def _words(state: FileState | None) -> str:
    if state is None:
        return ""
    parts = [state.kind if state.kind == "folder" else f"{state.kind} of {state.size} bytes"]
    parts += [f"SHA-256 {state.sha256[:DIGITS]}"] if state.sha256 else []
    parts += [state.access] if state.access else []
    parts += [f"owner {state.owner}"] if state.owner else []
    parts += [f"attributes {state.marks}"] if state.marks else []
    return ", ".join(parts)
