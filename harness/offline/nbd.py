"""A client of the NBD protocol that can read and nothing else.

Source: "The NBD protocol" (doc/proto.md of the NetworkBlockDevice project), fixed newstyle negotiation, simple replies.
"""

import socket
import struct

GREETING = b"NBDMAGICIHAVEOPT"
FIXED_NEWSTYLE_NO_ZEROES = 3
OPT_EXPORT_NAME = 1
REQUEST_MAGIC = 0x25609513
REPLY_MAGIC = 0x67446698
CMD_READ = 0
CMD_DISCONNECT = 2
LARGEST_READ = 16 * 1024 * 1024  # servers take up to 32 MiB


class NbdError(Exception):
    """The server hung up, refused a read or answered nonsense."""


class NbdClient:
    """One negotiated connection to the default export. Not thread-safe.

    Making one raises `NbdError`; so does every read. Each reply has `timeout_s`.
    """

    def __init__(self, connection: socket.socket, timeout_s: float) -> None:
        self._socket = connection
        connection.settimeout(timeout_s)
        greeting = self._receive(18)
        if greeting[:16] != GREETING:
            raise NbdError("the block server does not speak NBD")
        self._send(struct.pack(">I8sII", FIXED_NEWSTYLE_NO_ZEROES, b"IHAVEOPT", OPT_EXPORT_NAME, 0))
        self.size: int = struct.unpack(">QH", self._receive(10))[0]
        """Bytes of the export."""

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes from `offset`; both within the export."""
        parts = []
        while size > 0:
            part = min(size, LARGEST_READ)
            self._send(struct.pack(">IHHQQI", REQUEST_MAGIC, 0, CMD_READ, offset, offset, part))
            magic, error, cookie = struct.unpack(">IIQ", self._receive(16))
            if magic != REPLY_MAGIC or cookie != offset:
                raise NbdError("the block server answered out of step")
            if error:
                raise NbdError(f"{part} bytes at {offset} cannot be read (error {error})")
            parts.append(self._receive(part))
            offset, size = offset + part, size - part
        return b"".join(parts)

    def close(self) -> None:
        """Say good-bye, which ends a server that was started for this connection."""
        try:
            self._send(struct.pack(">IHHQQI", REQUEST_MAGIC, 0, CMD_DISCONNECT, 0, 0, 0))
        except NbdError:
            pass  # it is gone already
        finally:
            self._socket.close()

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise NbdError(f"the block server is gone: {error}") from error

    def _receive(self, size: int) -> bytes:
        data = bytearray(size)
        view, done = memoryview(data), 0
        while done < size:
            try:
                count = self._socket.recv_into(view[done:])
            except OSError as error:
                raise NbdError(f"the block server does not answer: {error}") from error
            if not count:
                raise NbdError("the block server closed the connection")
            done += count
        return bytes(data)
