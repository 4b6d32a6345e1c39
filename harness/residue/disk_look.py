"""Everything that a machine changed of its disk, from the overlay alone: files, and the registry that lies in files."""

from dataclasses import dataclass
from pathlib import Path

from harness.offline.difference import Overlay
from harness.residue.change import Change
from harness.residue.disk_registry import LARGEST, TEXTS, hive_changes, is_part_of_hive, root_of, text_changes
from harness.residue.disk_tree import file_change

DRIVE = "drive_c"


@dataclass(frozen=True)
class DiskChanges:
    """What differs from the image."""

    changes: tuple[Change, ...]
    bytes_read: int
    cautions: tuple[str, ...]
    """Why what is read may not be what the system had."""


def disk_changes(path: Path, *, drive_c: str = "", shared: bool = False) -> DiskChanges:
    """Everything between the image behind an overlay and the overlay. The machine must not run.

    `drive_c`: the folder that is drive C: on a Linux disk, with the prefix's registry beside it; empty on Windows.
    Raises `ConfigurationError` for what is no overlay or holds no filesystem that is read here, `InfrastructureError`
    for damage, `OSError`.
    """
    prefix = drive_c.removesuffix(DRIVE).rstrip("/")
    with Overlay(path, shared=shared) as overlay:
        found = overlay.difference(prefix)
        changes: list[Change] = []
        for place, (was, now) in found.files.items():
            both = was is not None and now is not None
            if drive_c:
                if place.startswith(f"{DRIVE}/"):
                    changes.append(file_change(place.removeprefix(f"{DRIVE}/"), was, now))
                elif place in TEXTS and both:
                    text_was, text_now = (
                        disk.read(f"{prefix}/{place}", LARGEST) for disk in (overlay.before, overlay.after)
                    )
                    changes += text_changes(text_was, text_now, place)
            elif root_of(place) and both:
                changes += hive_changes(overlay.before, overlay.after, place)
            elif not is_part_of_hive(place) or was is None or now is None:
                changes.append(file_change(place, was, now))
        read = overlay.before.bytes_read + overlay.after.bytes_read
        return DiskChanges(tuple(changes), read, found.cautions)
