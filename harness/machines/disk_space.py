"""Free space of the host's disks, in MiB."""

import shutil
from pathlib import Path

MIB = 1024 * 1024


def free_mb(storage: Path) -> int:
    """MiB that are free where `storage` is, or will be made. Raises `OSError`."""
    place = storage
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free // MIB
