"""A stopped machine's disk: its volumes, and paths as its own system writes them."""

from collections.abc import Iterator
from pathlib import Path

import pytsk3

from harness.offline import paths
from harness.offline.entry import FileFacts
from harness.offline.errors import NotADisk, NotOnDisk
from harness.offline.image import Image, not_whole
from harness.offline.sleuthkit import WindowImage
from harness.offline.superblock import FILESYSTEMS
from harness.offline.volume import Volume
from harness.offline.window import Window


def open_disk(
    path: Path, *, backing: bool = True, shared: bool = False, image_format: str | None = None
) -> "OfflineDisk":
    """Open a qcow2 overlay with everything behind it, a raw disk or a VHDX. Nothing is ever written.

    `backing=False`: only what the overlay itself holds. `shared=True`: also a disk that a paused or crashed machine
    still has open. `image_format` overrides what the first bytes say (a guest writes the first bytes of a raw disk).
    Raises `ConfigurationError` if it is no disk image or not a whole one, `DiskInUse`, `DiskUnreadable`, `ToolMissing`.
    """
    image = Image(path, image_format_name=image_format, backing=backing, shared=shared)
    try:
        return OfflineDisk(image)
    except BaseException:
        image.close()
        raise


class OfflineDisk:
    """An opened disk; close it, or use it as a context. Not thread-safe.

    Every method raises `NotOnDisk` for what is not there, `DiskUnreadable` for damage, `FilesystemUnknown`,
    `VolumeEncrypted`, and `DeadlineExceeded` when the damage makes reading endless.
    """

    def __init__(self, image: Image) -> None:
        self._image = image
        self.path = image.path
        self.format = image.format
        self.size = image.size
        self.volumes: tuple[Volume, ...] = tuple(_volumes(image))
        if image.format == "raw":  # the others know their disk's size themselves
            _require_whole(self)

    def __enter__(self) -> "OfflineDisk":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End reading. Idempotent."""
        self._image.close()

    @property
    def server_pid(self) -> int:
        """Process id of the block server that reads the image; it ends with this disk or with this process."""
        return self._image.server_pid

    @property
    def image(self) -> Image:
        """What the disk's bytes are read from."""
        return self._image

    @property
    def bytes_read(self) -> int:
        """How many bytes were asked of the image so far."""
        return self._image.bytes_read

    @property
    def problems(self) -> tuple[str, ...]:
        """Damaged entries that were skipped so far, one sentence each."""
        return tuple(f"{volume}: {text}" for volume in self.volumes for text in volume.problems)

    @property
    def windows_volume(self) -> Volume | None:
        r"""What its system calls `C:`: the NTFS volume that holds `\Windows`, else the largest NTFS volume."""
        ntfs = [volume for volume in self.volumes if volume.filesystem in ("ntfs", "bitlocker")]
        for volume in ntfs:
            if volume.filesystem == "ntfs" and volume.exists("\\Windows"):
                return volume
        return max(ntfs, key=lambda volume: volume.size, default=None)

    def volume_of(self, path: str) -> Volume:
        r"""`C:\x` and `\x`: the Windows volume; `/x`: the largest Linux volume, or the Windows one without any."""
        wanted = paths.parse(path)
        if wanted.drive not in ("", "C"):
            raise NotOnDisk(
                f"which volume is {wanted.drive}: only the machine itself knows",
                file=str(self.path),
                hint="Name the volume by its number instead.",
            )
        linux = [volume for volume in self.volumes if volume.filesystem == "ext4"]
        if wanted.posix and linux:
            return max(linux, key=lambda volume: volume.size)
        volume = self.windows_volume or (self.volumes[0] if len(self.volumes) == 1 else None)
        if volume is None:
            found = ", ".join(map(str, self.volumes)) or "no volume at all"
            raise NotOnDisk(f"no volume for {path}; there is {found}", file=str(self.path))
        return volume

    def read(self, path: str, limit_bytes: int) -> bytes:
        """The first `limit_bytes` bytes of a file."""
        return self.volume_of(path).read(path, limit_bytes)

    def chunks(self, path: str, limit_bytes: int) -> Iterator[bytes]:
        """The same in pieces."""
        return self.volume_of(path).chunks(path, limit_bytes)

    def listdir(self, path: str) -> tuple[FileFacts, ...]:
        """A directory's entries by name."""
        return self.volume_of(path).listdir(path)

    def stat(self, path: str) -> FileFacts:
        """Size and times of a file or directory."""
        return self.volume_of(path).stat(path)

    def exists(self, path: str) -> bool:
        """Whether there is such a file or directory."""
        return self.volume_of(path).exists(path)

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Paths of files that match."""
        return self.volume_of(pattern).glob(pattern)


def _volumes(image: Image) -> Iterator[Volume]:
    whole = Window(image, 0, image.size)
    candidate = Volume(1, whole)
    # A boot sector ends like a partition table and may pass for one: a filesystem at the start comes first.
    if candidate.filesystem != "unknown":
        yield candidate
        return
    parts = _partitions(whole)
    if not parts:
        yield candidate
    for number, (start, size, label) in enumerate(parts, start=1):
        yield Volume(number, Window(image, start, size), label, declared=size)


def _require_whole(disk: OfflineDisk) -> None:
    """Raise `NotADisk` for a raw disk on which there is nothing, or that ends before what is on it does."""
    if all(volume.filesystem == "unknown" and volume.is_whole_disk for volume in disk.volumes):
        raise NotADisk(
            f"this is no disk image: it has no partition table and no filesystem that can be read ({FILESYSTEMS}).",
            file=str(disk.path),
            hint="Known images are qcow2, VHDX and raw disks; one of another format turns into one of these with:"
            " qemu-img convert",
        )
    volume = max(disk.volumes, key=lambda volume: volume.end)
    if volume.end > disk.size:
        raise not_whole(disk.path, f"{volume} ends at byte {volume.end}, the file at {disk.size}")


def _partitions(whole: Window) -> list[tuple[int, int, str]]:
    """Start and size in bytes, and description, of every partition (GPT, MBR with extended ones)."""
    with whole.operation("The partition table"):
        try:
            table = pytsk3.Volume_Info(WindowImage(whole))
        except OSError:
            head = whole.at(0, 4096 + 8)
            if head[510:512] != b"\x55\xaa" and b"EFI PART" not in (head[512:520], head[4096:4104]):
                return []  # there is none
            raise
        block = int(table.info.block_size)
        return [
            (int(part.start) * block, int(part.len) * block, part.desc.decode("utf-8", "replace"))
            for part in table
            if int(part.flags) == int(pytsk3.TSK_VS_PART_FLAG_ALLOC)
        ]
