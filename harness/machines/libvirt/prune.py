"""Removes templates and images that a newer image has replaced or nothing uses, and that no machine stands on."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness.machines.intent import Intent
from harness.machines.libvirt.images.store import ImageStore
from harness.machines.libvirt.template import WHY_NOT, TemplateRecord, last_use, stored_template_records

IMAGES_KEPT = 2
"""The newest image and the one before it: another checkout may still be at that one."""
UNUSED = timedelta(days=14)
"""A template for another QEMU, shape or processor may be wanted again by another pool or checkout, but not for ever."""


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


def sweep(
    store: ImageStore, storage: Path, intents: Iterable[Intent], now: datetime | None = None
) -> list[Path]:
    """Remove templates, of whatever image, that nothing can use any more or nothing has used for 14 days."""
    now, used = now or datetime.now(UTC), _used(intents)
    removed = []
    for place in (storage / "templates").glob("*"):
        for directory, record in stored_template_records(storage, place.name):
            if record.image_digest in used:
                continue
            if not _image_exists(store, place.name, record) or now - last_use(directory, record) > UNUSED:
                removed.append(directory)
        for note in place.glob(f"*{WHY_NOT}"):
            with suppress(OSError):
                if now - datetime.fromtimestamp(note.stat().st_mtime, UTC) > UNUSED:
                    note.unlink()
    return _remove(removed)


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
