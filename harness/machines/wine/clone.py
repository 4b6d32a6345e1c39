"""Turns a sealed template into a prefix of one machine's own.

Overlay first, because it costs milliseconds and its upper directory is an exact witness of what changed.
Where it is not permitted: hard links for Wine's own program files and copies of everything that is written in
place; else a plain copy.
"""

import os
import shutil
import tempfile
from enum import StrEnum
from pathlib import Path

from harness.machines.wine import namespaces

SHARED_SUFFIXES = frozenset(
    {
        ".dll",
        ".exe",
        ".sys",
        ".drv",
        ".ocx",
        ".ax",
        ".acm",
        ".cpl",
        ".ds",
        ".tlb",
        ".com",
        ".msstyles",
        ".ttf",
        ".nls",
    }
)
"""Program files that Wine never writes in place. All else is copied: a write cannot reach the template."""


class CloneMethod(StrEnum):
    """How a prefix comes from its template, best first."""

    OVERLAY = "overlay"
    ROOTLESS_OVERLAY = "rootless-overlay"
    HARD_LINKS = "hard-links"
    COPY = "copy"

    @property
    def mounts(self) -> bool:
        """True if the prefix is a mount in the machine's own namespace."""
        return self in (CloneMethod.OVERLAY, CloneMethod.ROOTLESS_OVERLAY)


def prove(images: Path) -> tuple[CloneMethod, str]:
    """The best method that works below this directory, found by doing it, and why a better one does not."""
    rootless = os.geteuid() != 0
    reason = namespaces.why_no_namespaces()
    if not reason:
        with tempfile.TemporaryDirectory(prefix="proof-", dir=images) as name:
            reason = _try_overlay(Path(name), rootless=rootless)
            _unlock(Path(name))
        if not reason:
            return (CloneMethod.ROOTLESS_OVERLAY if rootless else CloneMethod.OVERLAY), ""
    with tempfile.TemporaryDirectory(prefix="proof-", dir=images) as name:
        original = Path(name, "a")
        original.touch()
        try:
            Path(name, "b").hardlink_to(original)
        except OSError as error:
            return CloneMethod.COPY, f"{reason}; {error}"
    return CloneMethod.HARD_LINKS, reason


def _try_overlay(directory: Path, *, rootless: bool) -> str:
    lower, upper, work, merged = (directory / part for part in ("lower", "upper", "work", "merged"))
    for part in (lower, upper, work, merged):
        part.mkdir()
    (lower / "file").write_text("below")

    def attempt() -> None:
        namespaces.enter(with_user=rootless)
        options = namespaces.overlay_options(lower, upper, work, rootless=rootless)
        namespaces.mount("overlay", merged, "overlay", data=options)
        (merged / "file").write_text("above")
        (merged / "file").unlink()  # needs a whiteout, which some kernels deny to users

    return namespaces.tried(attempt)


def hard_link_tree(template: Path, prefix: Path) -> None:
    """Clone by hard links for program files and copies for the rest. Raises `OSError`."""

    def link_or_copy(source: str, target: str) -> str:
        if Path(source).suffix.lower() in SHARED_SUFFIXES:
            os.link(source, target)
        else:
            shutil.copy2(source, target)
        return target

    shutil.copytree(template, prefix, symlinks=True, copy_function=link_or_copy)


def copy_tree(template: Path, prefix: Path) -> None:
    """Clone by copying every byte. Raises `OSError`."""
    shutil.copytree(template, prefix, symlinks=True)


def remove_tree(directory: Path) -> None:
    """Remove a directory with everything in it, also what an overlay or a candidate made inaccessible."""
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:
        return
    except PermissionError:
        _unlock(directory)
        shutil.rmtree(directory)


def _unlock(directory: Path) -> None:
    """Give the owner access to every directory below; overlay work directories have mode 000."""
    directory.chmod(0o700)
    for parent, names, _ in os.walk(directory):  # top-down, so that what was unlocked is walked into
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o700)
