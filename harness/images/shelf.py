"""The image store as a user sees it: what is there, whole, used, removable; and images made elsewhere."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.files import named_file
from harness.images.record import CERTIFICATE, DISK, imported_manifest, read_import
from harness.machines.intent import read_intents
from harness.machines.libvirt.host.programs import run
from harness.machines.libvirt.image.manifest import ImageManifest
from harness.machines.libvirt.image.seal import digest_files
from harness.machines.libvirt.image.store import ImageStore, StoredImage
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.offline.disk import open_disk

FORMATS = {".qcow2": "qcow2", ".vhdx": "vhdx", ".vhd": "vpc", ".vmdk": "vmdk", ".raw": "raw", ".img": "raw"}
CONVERT_DEADLINE_S = 3600.0


@dataclass(frozen=True)
class Entry:
    """One stored image."""

    image: StoredImage
    newest: bool
    used_by: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes on the host's disk."""
        return sum(path.stat().st_blocks * 512 for path in self.image.directory.iterdir() if path.is_file())


def entries(store: ImageStore, name: str | None = None) -> list[Entry]:
    """Every stored image, or those of one name, newest first. Raises `ConfigurationError` for an unknown name."""
    names = store.names()
    if name is not None and name not in names:
        raise ConfigurationError(
            f"there is no image '{name}' in the store (there: {', '.join(names) or 'none'})."
        )
    users = _users(store)
    return [
        Entry(image, position == 0, tuple(users.get(image.manifest.digest, ())))
        for known in ([name] if name else names)
        for position, image in enumerate(store.versions(known))
    ]


def _users(store: ImageStore) -> dict[str, list[str]]:
    """The machines (running or kept) by the digest of their image."""
    users: dict[str, list[str]] = {}
    for intent in read_intents(store.state.intents):
        users.setdefault(str(intent.resources.get("image", "")), []).append(intent.machine_id)
    return users


def verify(images: Iterable[Entry], say: Callable[[str], None]) -> None:
    """Read every byte of every image. Raises `ConfigurationError` naming all that do not match their manifests."""
    broken = []
    for entry in images:
        manifest = entry.image.manifest
        try:
            if entry.image.directory.name != manifest.digest[:16]:
                raise ConfigurationError(
                    f"image '{manifest.name}': its manifest was edited (digest {manifest.digest[:16]}, stored as "
                    f"{entry.image.directory.name}).",
                    file=str(entry.image.directory),
                    hint="Build or import the image again; an image is never edited.",
                )
            entry.image.verify(thorough=True)
            say(f"{manifest.name} {manifest.digest[:16]}: whole")
        except ConfigurationError as error:
            broken.append(str(error))
    if broken:
        raise ConfigurationError(" ".join(broken))


def prune(images: Iterable[Entry], say: Callable[[str], None]) -> int:
    """Remove what is neither the newest of its name nor used by a machine; how many were removed."""
    removed = 0
    for entry in images:
        digest = entry.image.manifest.digest[:16]
        if entry.newest or entry.used_by:
            if entry.used_by and not entry.newest:
                say(f"{entry.image.manifest.name} {digest}: kept, used by {', '.join(entry.used_by)}")
            continue
        shutil.rmtree(entry.image.directory)
        say(f"{entry.image.manifest.name} {digest}: removed")
        removed += 1
    return removed


def import_image(
    store: ImageStore,
    name: str,
    disk: Path,
    manifest: Path,
    certificate: Path | None,
    progress: Callable[[str], None] = lambda _: None,
) -> StoredImage:
    """Take in a disk made elsewhere, with what `manifest` says of it.

    The manifest of another store is believed only if the disk and its further files, beside it, have the digests that
    it states. Raises `ConfigurationError` for what does not fit, a disk that is not whole among it,
    `InfrastructureError` if the disk cannot be converted.
    """
    for path in (disk, manifest, *([certificate] if certificate else [])):
        named_file(path)
    said = read_import(manifest)
    if disk.suffix.lower() not in FORMATS:
        raise ConfigurationError(f"is none of {', '.join(FORMATS)}.", file=str(disk))
    with store.locked(name, CONVERT_DEADLINE_S, progress):
        working = store.working_directory(name)
        try:
            if isinstance(said, ImageManifest):
                return _copy_sealed(store, name, said, disk, working)
            if said.winrm.tls and certificate is None:
                raise ConfigurationError(
                    "the image's WinRM speaks TLS, so its certificate is needed.", key="--certificate"
                )
            _convert(disk, working / DISK)
            files = [DISK]
            if certificate is not None:
                shutil.copyfile(certificate, working / CERTIFICATE)
                files.append(CERTIFICATE)
            for file in files:
                (working / file).chmod(0o444)
            return store.admit(working, imported_manifest(name, said, digest_files(working, files)))
        finally:
            if working.exists():
                shutil.rmtree(working)


def _copy_sealed(
    store: ImageStore, name: str, manifest: ImageManifest, disk: Path, working: Path
) -> StoredImage:
    if manifest.name != name:
        raise ConfigurationError(f"the manifest is of image '{manifest.name}', not of '{name}'.")
    for file in manifest.files:
        source = disk if file == manifest.disk else disk.parent / file
        if Path(file).name != file or not source.is_file():
            raise ConfigurationError(
                f"the manifest names {file}, which is not beside the disk.", file=str(source)
            )
        shutil.copyfile(source, working / file)
        (working / file).chmod(0o444)
    StoredImage(working, manifest).verify(thorough=True)
    return store.admit(working, manifest)


def _convert(disk: Path, target: Path) -> None:
    kind = FORMATS[disk.suffix.lower()]
    _require_whole(disk, kind)
    run(
        ["qemu-img", "convert", "-q", "-f", kind, "-O", "qcow2", disk, target],
        what=f"{disk} cannot be read as {kind}",
        deadline_s=CONVERT_DEADLINE_S,
    )


def _require_whole(disk: Path, kind: str) -> None:
    """Raise `ConfigurationError` for a disk that is cut short: what is missing of it would be zeros in the image."""
    with open_disk(disk, image_format=kind):
        pass
    if kind == "vmdk":  # the only one in which neither QEMU nor `open_disk` sees it
        try:
            run(
                ["qemu-img", "check", "-q", "-f", kind, disk],
                what=f"the disk is cut short or damaged ({kind})",
                deadline_s=CONVERT_DEADLINE_S,
            )
        except InfrastructureError as error:
            said = " ".join(str(error).split())
            raise ConfigurationError(said, file=str(disk), hint="Copy it again, to its end.") from error
