"""A disk image as bytes: QEMU's own block layer reads the format and the chain of backing files.

`qemu-nbd --read-only` serves one image to one connection over a private socket and ends with it, so a killed
harness leaves no process. Own or third-party readers of qcow2 were tried and are not used, see `docs/offline-disks.md`.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from harness.files import named_file
from harness.model.errors import ToolMissing
from harness.offline.errors import DiskInUse, DiskUnreadable, NotADisk
from harness.offline.foreign import HEAD_BYTES, foreign_format
from harness.offline.nbd import NbdClient, NbdError
from harness.offline.qcow2 import MAGIC as QCOW2_MAGIC
from harness.offline.qcow2 import cut_short

REPLY_TIMEOUT_S = 30.0
END_TIMEOUT_S = 5.0
MAGIC = {QCOW2_MAGIC: "qcow2", b"vhdxfile": "vhdx"}
PREAMBLE = re.compile(r"^Failed to blk_new_open '.*?': (?=\S)")
"""Before QEMU's reason comes all that it was asked."""
# systemd's socket activation: the listening socket is descriptor 3 of the process that LISTEN_PID names.
SERVE = 'exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec qemu-nbd --read-only "$0"'


def image_format(path: Path) -> str:
    """`qcow2`, `vhdx`, or `raw` for what may be one. Raises `ConfigurationError` for no file and for what is none."""
    head = _head(path)
    foreign = foreign_format(head)
    if foreign is not None:
        what, hint = foreign
        raise NotADisk(f"this is {what}; read here are qcow2, VHDX and raw disks.", file=str(path), hint=hint)
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "raw")


def _head(path: Path) -> bytes:
    try:
        with named_file(path).open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise NotADisk(f"it cannot be read: {error.strerror}.", file=str(path)) from error
    if not head:
        raise NotADisk("the file is empty, so it is no disk image.", file=str(path))
    return head


class Image:
    """An image opened for reading; never writes. Close it, or use it as a context.

    `backing=False` reads what the overlay itself holds and zeros elsewhere. `shared=True` also reads a disk that
    another QEMU has open. Raises `ConfigurationError` if it is no disk image or not a whole one, `DiskInUse`,
    `DiskUnreadable`, `ToolMissing`.
    """

    def __init__(
        self, path: Path, *, image_format_name: str | None = None, backing: bool = True, shared: bool = False
    ) -> None:
        self.path = path
        # Who names the format knows it: a guest may have written the first bytes of a raw disk.
        self.format = image_format_name if image_format_name and _head(path) else image_format(path)
        if shutil.which("qemu-nbd") is None:
            raise ToolMissing("qemu-nbd", package="qemu-utils", needed_for="reading disks")
        options: dict[str, object] = {
            "driver": self.format,
            "read-only": True,
            "force-share": shared,
            "file": {"driver": "file", "filename": str(path.absolute())},
        }
        if not backing and self.format == "qcow2":
            options["backing"] = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server
        try:
            self._process, connection = _serve(f"json:{json.dumps(options)}", self._complaints)
        except BaseException:
            self._complaints.close()
            raise
        try:
            self._client = NbdClient(connection, REPLY_TIMEOUT_S)
        except NbdError as error:
            connection.close()
            self._end()
            with self._complaints:
                raise self._explained(error) from error
        self.size = self._client.size
        """Bytes of the virtual disk."""
        self.bytes_read = 0
        """How many bytes were asked for so far."""
        try:
            self._require_whole(backing=backing)
        except BaseException:
            self.close()
            raise

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the virtual disk; fewer at its end, none beyond it. Raises `DiskUnreadable`."""
        if offset < 0 or size < 0:
            raise DiskUnreadable(f"The disk {self.path} is damaged: it points to {size} bytes at {offset}.")
        size = max(0, min(size, self.size - offset))
        self.bytes_read += size
        try:
            return self._client.read(offset, size)
        except NbdError as error:
            raise DiskUnreadable(f"The disk image {self.path} cannot be read: {error}.") from error

    @property
    def server_pid(self) -> int:
        """Process id of the block server."""
        return self._process.pid

    def close(self) -> None:
        """End the server. Idempotent."""
        if self._process.returncode is None:
            self._client.close()
            self._end()
            self._complaints.close()

    def __enter__(self) -> "Image":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_whole(self, *, backing: bool) -> None:
        """Raise `NotADisk` for a file that ends too early: QEMU would read zeros there and say nothing."""
        if self.format != "qcow2":
            return  # of a VHDX QEMU itself says it; of a raw disk only what is on it tells
        try:
            cut = cut_short(self.path, backing=backing)
        except OSError as error:
            raise DiskUnreadable(f"The disk image {self.path} cannot be read: {error.strerror}.") from error
        if cut is not None:
            raise not_whole(self.path, f"{cut.path} has {cut.size} bytes, it must have at least {cut.needed}")

    def _end(self) -> None:
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            with suppress(
                subprocess.TimeoutExpired
            ):  # the kernel holds it at a dead disk, and no signal helps
                self._process.wait(END_TIMEOUT_S)

    def _explained(self, error: NbdError) -> DiskInUse | DiskUnreadable | NotADisk:
        self._complaints.seek(0)
        said = self._complaints.read().decode("utf-8", "replace").strip()
        if "lock" in said and "another process" in said:
            return DiskInUse(
                f"The disk {self.path} is in use by a running machine.",
                hint="Stop the machine; or, if it is paused or has crashed, read its disk with --shared.",
            )
        if not said:  # it was killed, or hangs: that says nothing about the image
            return DiskUnreadable(f"The disk image {self.path} ({self.format}) cannot be opened: {error}.")
        reason = PREAMBLE.sub("", said.splitlines()[-1].removeprefix("qemu-nbd: ")).rstrip(".")
        return NotADisk(
            f"this cannot be opened as a disk image ({self.format}): {reason}.",
            file=str(self.path),
            hint="Is it whole? Check it and every file behind it with: qemu-img info --backing-chain",
        )


def not_whole(path: Path, why: str) -> NotADisk:
    """The error for an image of which a part is missing."""
    return NotADisk(f"the disk image is cut short: {why}.", file=str(path), hint="Copy it again, to its end.")


def _serve(image: str, complaints: IO[bytes]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the server with a connection that waits for it already: no polling, and an early end is seen at once."""
    with tempfile.TemporaryDirectory(prefix="bvt-disk-") as directory:
        place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        address = f"/proc/self/fd/{place}/nbd"  # a socket's path holds 107 bytes, $TMPDIR may be longer
        connection = socket.socket(socket.AF_UNIX)
        try:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(address)
                listener.listen(1)
                connection.connect(address)
                process = subprocess.Popen(
                    ["sh", "-c", SERVE, image],
                    stdin=listener.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=complaints,
                    start_new_session=True,
                )
        except BaseException:
            connection.close()
            raise
        finally:
            os.close(place)
    return process, connection
