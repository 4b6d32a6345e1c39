"""Just enough HTTP/1.1 for WinRM: POST with a length, kept alive, one write for each answer.

`http.server` of the standard library costs 45 ms to import, a quarter of what a server may take to start, and
has no limit on the size of a body; a WinRM client needs none of the rest of it.
"""

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

WRITE_TIMEOUT_S = 60.0
LONGEST_HEAD = 64 * 1024
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    500: "Internal Server Error",
}


_ONCE = frozenset(["content-length", "transfer-encoding", "host", "authorization", "content-type"])
"""Headers that two peers could take for different things if they came twice (RFC 9112 6.3; RFC 9110 5.3)."""


class BadRequest(Exception):
    """The peer does not speak HTTP, or asks for what is not served; the connection ends after the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(_REASONS[status])
        self.status = status


@dataclass(frozen=True)
class HttpRequest:
    """One request; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def keep_alive(self) -> bool:
        """True unless the peer wants the connection closed."""
        return self.headers.get("connection", "").lower() != "close"


@dataclass(frozen=True)
class HttpResponse:
    """One response; `headers` may repeat a name."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = "application/soap+xml;charset=UTF-8"
    close: bool = field(default=False, compare=False)

    def encode(self) -> bytes:
        """The bytes on the wire."""
        lines = [f"HTTP/1.1 {self.status} {_REASONS[self.status]}"]
        if self.body:
            lines.append(f"Content-Type: {self.media_type}")
        lines.append("Server: agent-bvt-winrmd")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.close:
            lines.append("Connection: close")
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


class Connection:
    """Reads requests from a connected socket and writes responses to it. One thread at a time."""

    def __init__(self, peer: socket.socket, largest_body: int) -> None:
        self._peer = peer
        self._largest_body = largest_body
        self._buffer = bytearray()
        self._until = 0.0

    def read(self, idle_s: float, whole_s: float) -> HttpRequest | None:
        """The next request, None if the peer closed; raises `BadRequest`, OSError for a broken connection.

        It must begin within `idle_s`, else `TimeoutError`, and then be there within `whole_s`, else `BadRequest`.
        """
        if not self._buffer:
            self._peer.settimeout(idle_s)
            if not self._more():
                return None
        self._until = time.monotonic() + whole_s
        try:
            return self._read()
        except TimeoutError:
            raise BadRequest(408) from None

    def _read(self) -> HttpRequest | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > LONGEST_HEAD:
                raise BadRequest(400)
            if not self._more_in_time():
                return None
        method, path, headers = parse_head(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        length = body_length(headers)
        if length > self._largest_body:
            raise BadRequest(413)
        if headers.get("expect", "").lower() == "100-continue" and len(self._buffer) < length:
            self._peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(self._buffer) < length:
            if not self._more_in_time():
                return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return HttpRequest(method, path, headers, body)

    def write(self, response: HttpResponse) -> None:
        """Send the whole response in one write. Raises OSError, `TimeoutError` for a peer that does not take it."""
        self._peer.settimeout(WRITE_TIMEOUT_S)
        self._peer.sendall(response.encode())

    def _more_in_time(self) -> bool:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._peer.settimeout(left_s)
        return self._more()

    def _more(self) -> bool:
        data = self._peer.recv(262144)
        self._buffer += data
        return bool(data)


def parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, path without query, and headers; raises `BadRequest`."""
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest(400)
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(400)
        if name.lower() in _ONCE and name.lower() in headers:
            raise BadRequest(400)
        headers[name.lower()] = value.strip()
    return parts[0], parts[1].partition("?")[0], headers


def body_length(headers: Mapping[str, str]) -> int:
    """The length that the headers announce; raises `BadRequest` for one that cannot be known."""
    if "transfer-encoding" in headers:
        raise BadRequest(411)
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRequest(400)
    return int(text)
