"""Images on disk by name and digest: `images/<name>/<digest>/manifest.json` and the files it seals."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from harness.file_lock import held
from harness.machines.libvirt.image.manifest import ImageManifest
from harness.machines.libvirt.image.seal import broken_seals
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory

MANIFEST = "manifest.json"
BUILDING = "building"


@dataclass(frozen=True)
class StoredImage:
    """An image in the store."""

    directory: Path
    manifest: ImageManifest

    @property
    def disk(self) -> Path:
        """The sealed system disk."""
        return self.directory / self.manifest.disk

    def file(self, name: str) -> Path | None:
        """One of the image's further files, None if it has no such file."""
        return self.directory / name if name in self.manifest.files else None

    def verify(self, *, thorough: bool = False) -> None:
        """Raises `ConfigurationError` if a file is not what the manifest says: such an image is never run."""
        problems = broken_seals(self.directory, self.manifest.files, thorough=thorough)
        if problems:
            raise ConfigurationError(
                f"image '{self.manifest.name}' does not match its manifest: {'; '.join(problems)}.",
                file=str(self.directory / MANIFEST),
                hint="Build or import the image again; an image is never edited.",
            )


class ImageStore:
    """The images of one state directory."""

    def __init__(self, state: StateDirectory) -> None:
        self.state = state
        self.root = state.images

    def versions(self, name: str) -> list[StoredImage]:
        """Every stored image of that name, newest first. A directory without a manifest is not an image."""
        found = []
        for path in (self.root / name).glob(f"*/{MANIFEST}"):
            try:
                found.append(StoredImage(path.parent, ImageManifest.model_validate_json(path.read_text())))
            except (OSError, ValidationError):
                continue
        return sorted(found, key=lambda image: image.manifest.built, reverse=True)

    def names(self) -> list[str]:
        """The names of the stored images. What Wine machines stand on has manifests of another kind."""
        names = {path.parent.parent.name for path in self.root.glob(f"*/*/{MANIFEST}")}
        return sorted(name for name in names if self.versions(name))

    def find(self, name: str, recipe_digest: str | None = None) -> StoredImage | None:
        """The newest image of that name (made by that recipe, if one is given)."""
        for image in self.versions(name):
            if recipe_digest is None or image.manifest.recipe_digest == recipe_digest:
                return image
        return None

    def building(self, name: str, build_id: str) -> Path:
        """Where a build has its files: a path that no other build ever has."""
        return self.root / name / f"{BUILDING}-{build_id}"

    def working_directory(self, name: str, build_id: str | None = None) -> Path:
        """An empty directory beside the stored images, to build in and then `admit`.

        What killed builds left is removed: under `locked` there is no other build.
        """
        for left in (self.root / name).glob(f"{BUILDING}*"):
            shutil.rmtree(left)
        path = self.building(name, build_id or secrets.token_hex(5))
        path.mkdir(parents=True)
        return path

    def admit(self, directory: Path, manifest: ImageManifest) -> StoredImage:
        """Take a built image in: after this it is found, before it is not."""
        target = self.root / manifest.name / manifest.digest[:16]
        (directory / MANIFEST).write_text(manifest.model_dump_json(indent=1))
        if target.exists():
            shutil.rmtree(target)
        directory.rename(target)
        return StoredImage(target, manifest)

    def prune(self, name: str, keep: int = 1) -> list[Path]:
        """Remove all but the newest `keep` images of that name; says which."""
        removed = [image.directory for image in self.versions(name)[keep:]]
        for path in removed:
            shutil.rmtree(path)
        return removed

    @contextmanager
    def locked(
        self, name: str, deadline_s: float, progress: Callable[[str], None] = lambda _: None
    ) -> Iterator[None]:
        """One builder per image at a time, for whom the next one waits up to `deadline_s`.

        Raises `DeadlineExceeded` with who it is.
        """
        (self.root / name).mkdir(parents=True, exist_ok=True)
        lock = self.root / name / "lock"
        with held(lock, f"builds or imports image '{name}'", Deadline.after(deadline_s), progress):
            yield
