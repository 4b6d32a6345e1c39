"""The images of Wine machines as a user sees them: the root file system, and the prefix that is made in it.

They have no `ImageManifest`: what they are sealed with is a digest of a tree. Which of them nobody needs any more is
told by `bvt clean`, because a running machine may stand on one that no intent names.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.machines.wine.root_image import DIRECTORY as ROOT_IMAGE
from harness.machines.wine.template import IMAGE_NAME as PREFIX_IMAGE
from harness.machines.wine.tree_digest import digest_of_tree, seal_of_tree
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory

KINDS = {ROOT_IMAGE: ("Wine root", "root"), PREFIX_IMAGE: ("Wine prefix", "prefix")}
"""By name: what such an image is, and the folder that holds it."""
HOST = "the host's own"


@dataclass(frozen=True)
class WineEntry:
    """One stored image of Wine machines."""

    name: str
    directory: Path
    digest: str
    seal: str
    content: str
    """SHA-256 over all that is in the tree; empty for a prefix of an earlier version, which did not record it."""
    wine: str
    origin: str
    built: datetime
    newest: bool = True

    @property
    def kind(self) -> str:
        """What it is, in two words."""
        return KINDS[self.name][0]

    @property
    def tree(self) -> Path:
        """The folder that is sealed."""
        return self.directory / KINDS[self.name][1]

    @property
    def size(self) -> int:
        """Bytes on the host's disk."""
        return sum(path.lstat().st_blocks * 512 for path in self.tree.rglob("*"))


def wine_entries(state: StateDirectory, name: str | None = None) -> list[WineEntry]:
    """The stored images of Wine machines, or those of one name, newest first."""
    found: list[WineEntry] = []
    for each in KINDS if name is None else KINDS.keys() & {name}:
        read = [_read(each, path.parent) for path in (state.images / each).glob("*/manifest.json")]
        origins = set()
        for entry in sorted(filter(None, read), key=lambda entry: entry.built, reverse=True):
            own = entry.origin == HOST
            found.append(entry if own not in origins else replace(entry, newest=False))
            origins.add(own)
    return found


def verify_wine(images: Iterable[WineEntry], say: Callable[[str], None]) -> None:
    """Read every byte of every image. Raises `ConfigurationError` naming all that are not what was sealed."""
    broken = []
    for entry in images:
        try:
            problem = _problem(entry)
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
        shown = f"{entry.name} {entry.digest[:16]}"
        if problem:
            broken.append(f"image '{shown}' {problem}: {entry.directory}.")
        elif entry.content:
            say(f"{shown}: whole")
        else:
            say(
                f"{shown}: names, sizes and times are as sealed; an earlier version did not record its content"
            )
    if broken:
        raise ConfigurationError(
            " ".join(broken), hint="Remove the folder; the image is built anew at its next use."
        )


def _problem(entry: WineEntry) -> str:
    if seal_of_tree(entry.tree) != entry.seal:
        return "was changed after it was sealed"
    if entry.content and (found := digest_of_tree(entry.tree)) != entry.content:
        return f"does not hold what it held: SHA-256 of its tree is {found[:16]}…, recorded {entry.content[:16]}…"
    return ""


def _read(name: str, directory: Path) -> WineEntry | None:
    path = directory / "manifest.json"
    try:
        said = json.loads(path.read_text())
        return WineEntry(
            name=name,
            directory=directory,
            digest=said["digest"],
            seal=said["seal"],
            # A root image's own digest is that of its tree; a prefix's names what it was made of.
            content=said["digest"] if name == ROOT_IMAGE else said.get("content", ""),
            wine=said["wine_version"],
            origin=said.get("origin", ""),
            built=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # under construction, or not ours
