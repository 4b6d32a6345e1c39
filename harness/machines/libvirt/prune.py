"""Removes templates and images that a newer image has replaced or nothing uses, and that no machine stands on."""

import re
import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness.file_lock import held_if_free, is_held
from harness.machines.directories import users
from harness.machines.disused import ABANDONED, ASIDE, Disused, changed, remove_aside
from harness.machines.intent import Intent
from harness.machines.libvirt.clone.stored_template import (
    RECORD,
    TemplateRecord,
    build_lock,
    last_use,
    read_record,
    stored_template_records,
)
from harness.machines.libvirt.clone.template import WHY_NOT
from harness.machines.libvirt.image.debian_base import BASE_IN_WORK, base_name
from harness.machines.libvirt.image.recipe import load_wine_guest, recipe_directory
from harness.machines.libvirt.image.store import BUILDING, ImageStore
from harness.machines.libvirt.image.wine_guest import NAME as WINE_GUEST
from harness.model.errors import ConfigurationError

IMAGES_KEPT = 2
"""The newest image and the one before it: another checkout may still be at that one."""
UNUSED = timedelta(days=14)
"""A template for another QEMU, shape or processor may be wanted again by another pool or checkout, but not for ever."""

WORKING = re.compile(rf".+\.bvt-[0-9a-f]{{10}}({re.escape(ASIDE)}\d+)?")
"""Where a template is made: its own name, and its builder's intent. The builder holds the template's lock."""

InWork = Callable[[Path, Path], bool]
"""Whether somebody is making what is in this directory, under that lock."""

_BROKEN_OFF = "whoever made or removed it was killed"


def prune(store: ImageStore, storage: Path, image: str, intents: Iterable[Intent]) -> list[Path]:
    """Remove what is stale of one image; says which directories. A kept machine keeps its image and template."""
    used = _used(intents)
    kept = {version.manifest.digest for version in store.versions(image)[:IMAGES_KEPT]} | used
    removed = []
    for directory, record in stored_template_records(storage, image):
        if record.image_digest not in kept:
            removed.append(directory)
    removed += [version.directory for version in store.versions(image) if version.manifest.digest not in kept]
    return _remove(removed)


def stale(
    store: ImageStore,
    storage: Path,
    intents: Iterable[Intent],
    now: datetime | None = None,
    gone: Collection[str] = (),
) -> list[Disused]:
    """What nothing can use any more or nothing has used for 14 days: templates of whatever image, base trees, builds.

    Machines whose ids are in `gone` need nothing; what their intents name goes with them, and is not found here.
    """
    now, intents = now or datetime.now(UTC), list(intents)
    standing = [intent for intent in intents if intent.machine_id not in gone]
    templates = [
        Disused(path=path, kind="template" if path.is_dir() else "note", reason=reason)
        for path in sorted((storage / "templates").glob("*/*"))
        if (
            reason := _reason(
                path, lambda path: _why_stale(path, store, standing, now, _in_work(intents, is_held))
            )
        )
    ]
    bases = [
        Disused(path=path, kind="base tree", reason=reason)
        for path in sorted((store.root / WINE_GUEST).glob("base-*"))
        if (reason := _reason(path, lambda path: _why_stale_base(path, now)))
    ]
    builds = [
        Disused(path=path, kind="image build", reason=reason)
        for path in sorted(store.root.glob(f"*/{BUILDING}-*"))
        if (reason := _reason(path, lambda path: _why_stale_build(path, _in_work(intents, is_held))))
    ]
    return [*templates, *bases, *builds]


def _reason(path: Path, why: Callable[[Path], str]) -> str:
    if ASIDE in path.name:
        return _BROKEN_OFF
    try:
        return why(path)
    except FileNotFoundError:
        return ""  # another process was quicker


def remove_stale(
    leftover: Disused,
    store: ImageStore,
    read: Callable[[], Iterable[Intent]],
    now: datetime | None = None,
    end: Callable[[Path], bool] = lambda path: not users(path),
) -> bool:
    """Remove it unless it is needed by now, as `read` and the disk say; then False. Raises `OSError`.

    `end`: ends the machine of a killed builder, and says whether no process uses the directory any more.
    """
    now = now or datetime.now(UTC)
    path = leftover.path
    of_images = path.parent.parent == store.root

    def unneeded(place: Path) -> bool:
        if path.name.startswith(BUILDING):
            return bool(_why_stale_build(path, _in_work(list(read()))))
        if of_images:
            return bool(_why_stale_base(place, now))
        intents = list(read())
        return bool(_why_stale(place, store, intents, now, _in_work(intents)))

    if not path.is_dir():
        if path.exists() and not unneeded(path):
            return False
        path.unlink(missing_ok=True)
        return True
    with held_if_free(path.with_name("lock") if of_images else build_lock(path)) as free:
        if not free or not (ASIDE in path.name or unneeded(path)) or not end(path):
            return not path.exists()
        return remove_aside(path, unneeded=unneeded, remove=shutil.rmtree)


def _in_work(intents: Sequence[Intent], held: Callable[[Path], bool] = lambda _: False) -> InWork:
    """`held`: asked of the lock, unless this process holds it."""
    named = {str(intent.resources.get("directory")) for intent in intents}
    return lambda path, lock: str(path) in named or held(lock)


def _why_stale(
    path: Path, store: ImageStore, intents: Sequence[Intent], now: datetime, in_work: InWork
) -> str:
    """Why nothing needs what lies where templates are; empty if something does, or may."""
    if path.suffix == WHY_NOT:
        unread = now - changed(path) > UNUSED
        return f"no template was tried here for {UNUSED.days} days" if unread else ""
    if not path.is_dir():
        return ""
    record = read_record(path)
    if record is None:
        young = not WORKING.fullmatch(path.name) and now - changed(path) <= ABANDONED
        if young or (path / RECORD).exists() or in_work(path, build_lock(path)):
            return ""  # a record that cannot be read may be a later version's
        return _BROKEN_OFF
    if record.image_digest in _used(intents):
        return ""
    if not _image_exists(store, path.parent.name, record):
        return "the image under it is gone"
    older = store.versions(path.parent.name)[IMAGES_KEPT:]
    if any(version.manifest.digest == record.image_digest for version in older):
        return f"{IMAGES_KEPT} newer images of its name exist"
    return f"nothing has used it for {UNUSED.days} days" if now - last_use(path, record) > UNUSED else ""


def _why_stale_build(path: Path, in_work: InWork) -> str:
    """Why nobody goes on with this build of an image; empty if somebody may."""
    return "" if in_work(path, path.with_name("lock")) else _BROKEN_OFF


def _why_stale_base(path: Path, now: datetime) -> str:
    """Why no build of wine-guest needs this base tree; empty if one may."""
    if path.name == BASE_IN_WORK:
        return _BROKEN_OFF if now - changed(path) > ABANDONED else ""
    try:
        current = base_name(load_wine_guest(recipe_directory(WINE_GUEST)))
    except ConfigurationError:
        return ""
    wanted = path.name.startswith(current) or now - changed(path) <= UNUSED
    return "" if wanted else f"it is an earlier recipe's, and more than {UNUSED.days} days old"


def _used(intents: Iterable[Intent]) -> set[object]:
    """Digests of images on which a machine or template stands, or is being made."""
    return {intent.resources.get("image") for intent in intents}


def _image_exists(store: ImageStore, name: str, record: TemplateRecord) -> bool:
    """Whether the template's disk still has what it stands on. The image may be in another state directory's store."""
    if record.image_disk is not None:
        return record.image_disk.exists()
    return any(version.manifest.digest == record.image_digest for version in store.versions(name))


def _remove(directories: list[Path]) -> list[Path]:
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    return directories
