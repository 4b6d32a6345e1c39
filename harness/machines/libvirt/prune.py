"""Removes templates and images that a newer image has replaced and that no machine stands on."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from harness.machines.intent import Intent
from harness.machines.libvirt.images.store import ImageStore
from harness.machines.libvirt.template import stored_template_records

IMAGES_KEPT = 2
"""The newest image and the one before it: another checkout may still be at that one."""


def prune(store: ImageStore, storage: Path, image: str, intents: Iterable[Intent]) -> list[Path]:
    """Remove what is stale; says which directories. A kept machine keeps its image and template."""
    used = {intent.resources.get("image") for intent in intents}
    kept = {version.manifest.digest for version in store.versions(image)[:IMAGES_KEPT]} | used
    removed = []
    for directory, record in stored_template_records(storage, image):
        if record.image_digest not in kept:
            removed.append(directory)
    removed += [version.directory for version in store.versions(image) if version.manifest.digest not in kept]
    for directory in removed:
        shutil.rmtree(directory, ignore_errors=True)
    return removed
