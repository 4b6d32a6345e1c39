"""The NBD client against servers that behave and servers that do not."""

import socket
import struct
import threading
from collections.abc import Callable

import pytest

from harness.offline.nbd import GREETING, NbdClient, NbdError

HELLO = GREETING + b"\x00\x03"
EXPORT = struct.pack(">QH", 1 << 20, 3)


def connected(server: Callable[[socket.socket], None]) -> socket.socket:
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs:
            server(theirs)

    threading.Thread(target=serve, daemon=True).start()
    return ours


def reading(magic: int, error: int, cookie: int, data: bytes) -> Callable[[socket.socket], None]:
    def serve(peer: socket.socket) -> None:
        peer.sendall(HELLO)
        peer.recv(20, socket.MSG_WAITALL)
        peer.sendall(EXPORT)
        peer.recv(28, socket.MSG_WAITALL)
        peer.sendall(struct.pack(">IIQ", magic, error, cookie) + data)

    return serve


def test_bytes_come_from_the_offset_asked_for() -> None:
    client = NbdClient(connected(reading(0x67446698, 0, 4096, b"abcd")), 5.0)
    assert client.size == 1 << 20
    assert client.read(4096, 4) == b"abcd"
    client.close()


@pytest.mark.parametrize(
    ("magic", "error", "cookie", "data", "said"),
    [
        (0x67446698, 5, 4096, b"", r"4 bytes at 4096 cannot be read \(error 5\)"),
        (0x67446698, 0, 1, b"abcd", "out of step"),
        (0xDEADBEEF, 0, 4096, b"abcd", "out of step"),
        (0x67446698, 0, 4096, b"ab", "closed the connection"),
    ],
)
def test_a_bad_reply_is_an_error(magic: int, error: int, cookie: int, data: bytes, said: str) -> None:
    client = NbdClient(connected(reading(magic, error, cookie, data)), 5.0)
    with pytest.raises(NbdError, match=said):
        client.read(4096, 4)
    client.close()


def test_something_else_on_the_socket_is_an_error() -> None:
    with pytest.raises(NbdError, match="does not speak NBD"):
        NbdClient(connected(lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\n")), 5.0)


def test_a_silent_server_is_given_up_after_its_time() -> None:
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(NbdError, match="does not answer: timed out"):
        NbdClient(ours, 0.05)
    ours.close()
