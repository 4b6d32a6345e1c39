"""Which Wine templates and root images nothing needs any more: those of another recipe, and remains of spoiled ones.

Several state directories may share one directory of images, so their intents do not tell who stands on a template. The
kernel does: an overlay names its lower directory in the mount table of every process that sees it, by the path that its
maker knew, of which the template's own name is the part that is always the same; and so does what is bound of a root
image. A clone that is no overlay needs its template only while it is made.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness.file_lock import held_if_free
from harness.machines.directories import MACHINE_DIRECTORY, NO_INTENT, users
from harness.machines.disused import ABANDONED, ASIDE, Disused, changed, remove_aside
from harness.machines.wine.clone import remove_tree
from harness.machines.wine.processes import PROC, holders
from harness.machines.wine.root_image import DIRECTORY as ROOTS
from harness.machines.wine.root_image import recipe_digest
from harness.model.errors import InfrastructureError

USED = "used"
"""Empty file in a template's directory whose date is that of its last use."""
UNUSED = timedelta(days=1)
"""So long a template of another recipe stays: another checkout may be at work with it, and making it takes 15 s."""
SPOILED = ".spoiled-"
"""`template.ensure_template` names so what it is about to remove because its seal was broken."""
BUILDING = "bvt-"
"""The beginning of the names of root images that are being built, which are those of their intents."""


def note_use(home: Path) -> None:
    """Note that the template in this directory was used now."""
    with suppress(OSError):
        (home / USED).touch()


def disused(images: Path, current: Path | None, now: datetime | None = None) -> list[Disused]:
    """What is left over below `images`; `current` is the directory of this Wine's template, None: not known.

    Without a Wine nobody can say which template is the current one, so whole ones stay.
    """
    now = now or datetime.now(UTC)
    needed = _Mounted()
    found = []
    for path in sorted((images / "wine").glob("*")):
        with suppress(FileNotFoundError):  # another process was quicker
            if path.is_dir() and (reason := _why_unneeded(path, current, now, needed)):
                kind = "spoiled template" if SPOILED in path.name else "template"
                found.append(Disused(path=path, kind=kind, reason=reason))
    for path in sorted((images / ROOTS).glob("*")):
        with suppress(FileNotFoundError):  # what is being built is named by its intent
            if (
                path.is_dir()
                and not path.name.startswith(BUILDING)
                and (reason := _why_unneeded(path, _own(path, current), now, needed))
            ):
                kind = "spoiled root image" if SPOILED in path.name else "root image"
                found.append(Disused(path=path, kind=kind, reason=reason))
    for path in sorted(images.glob("proof-*")):
        with suppress(FileNotFoundError):
            if now - changed(path) > ABANDONED:
                reason = "the process that made it was killed"
                found.append(Disused(path=path, kind="trial of clone methods", reason=reason))
    return found


def remove(leftover: Disused, current: Path | None, now: datetime | None = None) -> bool:
    """Remove it unless something needs it by now; then False. Raises `InfrastructureError`."""
    now = now or datetime.now(UTC)
    path = leftover.path
    own = path.with_name(path.name.partition(ASIDE)[0])
    try:
        with held_if_free(own.with_name(own.name.partition(SPOILED)[0]).with_suffix(".lock")) as free:
            if not free or not path.exists() or not _unneeded(path, current, now):
                return not path.exists()
            return remove_aside(
                path, unneeded=lambda aside: _unneeded(aside, current, now, path), remove=remove_tree
            )
    except FileNotFoundError:  # another process is at it too
        return not path.exists()
    except OSError as error:
        raise InfrastructureError(f"{path} cannot be removed: {error}.") from error


def without_intent(machines: Path, intents: Path) -> list[Disused]:
    """Directories of machines whose intents somebody deleted. A machine's intent is there before it and after it."""
    found = sorted(path for path in machines.glob("*") if path.is_dir())
    return [
        Disused(path=path, kind=MACHINE_DIRECTORY, reason=NO_INTENT)
        for path in found
        if not (intents / f"{path.name}.json").exists() and path.exists()
    ]


def remove_without_intent(path: Path, intents: Path) -> bool:
    """Remove it, unless a program of the machine runs, or has it mounted; then False. Raises `InfrastructureError`."""
    try:
        inside = f"/{path.name}/".encode()
        if (
            (intents / f"{path.name}.json").exists()
            or holders(path / "prefix")
            or users(path)  # a virtual machine, whose provider cannot be loaded here
            or any(inside in table for table in _mount_tables())
        ):
            return not path.exists()
        remove_tree(path)
    except FileNotFoundError:  # another process is at it too
        return not path.exists()
    except OSError as error:
        raise InfrastructureError(f"{path} cannot be removed: {error}.") from error
    return True


def _unneeded(path: Path, current: Path | None, now: datetime, place: Path | None = None) -> bool:
    if path.parent.name not in ("wine", ROOTS):
        return now - changed(path) > ABANDONED
    return bool(_why_unneeded(path, _own(path, current), now, _Mounted(), place))


def _own(path: Path, template: Path | None) -> Path | None:
    """What of the kind of `path` is this harness's own: its root image is known by its recipe alone."""
    return path.with_name(recipe_digest()[:16]) if path.parent.name == ROOTS else template


def _why_unneeded(
    path: Path, current: Path | None, now: datetime, mounted: "_Mounted", place: Path | None = None
) -> str:
    """Why nothing needs the template in `path` (which was at `place` until now); empty if something may."""
    place = place or path
    template = place.with_name(place.name.partition(ASIDE)[0].partition(SPOILED)[0])
    if template in mounted:
        return ""
    if place != template:
        return "its removal was broken off"
    if current is None or template == current or now - _last_use(path) <= UNUSED:
        return ""
    return "it was made by another Wine or an earlier recipe, and no machine stands on it"


class _Mounted:
    """The lower directories of all overlays of all processes, read when first asked for."""

    def __init__(self) -> None:
        self._tables: list[bytes] | None = None

    def __contains__(self, template: Path) -> bool:
        if self._tables is None:
            self._tables = list(_mount_tables())
        part = "root" if template.parent.name == ROOTS else "prefix"
        wanted = f"/{template.name}/{part}".encode()
        return any(wanted in table for table in self._tables)


def _mount_tables() -> Iterator[bytes]:
    """Every distinct mount table that this user may read (proc(5), mountinfo)."""
    seen = set()
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # the process ended, or is another user's
                namespace = (entry / "ns" / "mnt").readlink()
                if namespace not in seen:
                    seen.add(namespace)
                    yield (entry / "mountinfo").read_bytes()


def _last_use(home: Path) -> datetime:
    """When a machine was last made of the template; when it was made, if nothing has noted that."""
    try:
        return changed(home / USED)
    except OSError:
        return changed(home)
