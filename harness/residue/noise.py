"""What a system changes by itself, as a machine without the candidate has shown it. Kept by image and steps."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from harness.files import write_atomically
from harness.model.base import DAY_S, Frozen
from harness.residue.change import Change

STALE_S = 7 * DAY_S
FORMAT = "2"
"""Raised when what a sham run does, or how its changes are written, is another."""


class Noise(Frozen):
    """The changes that a sham run saw, and how it came to them."""

    image_digest: str
    steps: tuple[str, ...]
    made_s: float
    changes: tuple[Change, ...]
    processes: frozenset[str]
    """Programs that were seen running, in lower case."""


def cached(folder: Path, image_digest: str, steps: Sequence[str]) -> Noise | None:
    """What an earlier sham run of this image and these steps saw; None if there is none that is still good."""
    try:
        noise = Noise.model_validate_json(_place(folder, image_digest, steps).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    fresh = 0 <= time.time() - noise.made_s <= STALE_S
    return noise if fresh and (noise.image_digest, noise.steps) == (image_digest, tuple(steps)) else None


def keep(folder: Path, noise: Noise) -> None:
    """Store it for later cells and runs. Raises `OSError`."""
    place = _place(folder, noise.image_digest, noise.steps)
    write_atomically(place, noise.model_dump_json(exclude_defaults=True), mode=0o600)


def _place(folder: Path, image_digest: str, steps: Sequence[str]) -> Path:
    key = hashlib.sha256("\0".join((FORMAT, image_digest, *steps)).encode()).hexdigest()
    return folder / f"{key[:32]}.json"
