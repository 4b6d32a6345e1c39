"""Carries the guest's connections to the backend on the host, and nothing else.

The listening socket was made inside the machine's network namespace and handed out as a descriptor; what it
accepts belongs to the machine, what is connected here belongs to the host. There is no other way out of the
machine.
"""

import asyncio
import socket


class Half(asyncio.Protocol):
    """One side of a relayed connection; hands every byte to the other side, with back-pressure."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: Half | None = None
        self.waiting: list[bytes] = []
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        for data in self.waiting:
            transport.write(data)
        self.waiting.clear()
        if self.ended and transport.can_write_eof():
            transport.write_eof()

    def data_received(self, data: bytes) -> None:
        self._acknowledge()
        if self.other is None:
            return
        if self.other.transport is None:
            self.other.waiting.append(data)
        else:
            self.other.transport.write(data)

    def _acknowledge(self) -> None:
        """At once: WinHTTP sends a request's head and body apart, and holds the body back until the head is known."""
        if self.transport is not None:
            # The kernel forgets it after a few segments, so it is said each time (tcp(7)).
            self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def eof_received(self) -> bool:
        if self.other is not None:
            self.other.ended = True
            if self.other.transport is not None and self.other.transport.can_write_eof():
                self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            if exc is None:
                self.other.transport.close()
            else:
                self.other.transport.abort()


async def start_relay(listener: socket.socket, backend: tuple[str, int]) -> asyncio.Server:
    """Serve `listener` until the server is closed. A backend that refuses resets the guest's connection."""
    loop = asyncio.get_running_loop()
    dialling: set[asyncio.Task[None]] = set()

    async def dial(near: Half, far: Half) -> None:
        try:
            await loop.create_connection(lambda: far, *backend)
        except OSError:
            if near.transport is not None:
                near.transport.abort()

    def accepted() -> Half:
        near, far = Half(), Half()
        near.other, far.other = far, near
        task = loop.create_task(dial(near, far))
        dialling.add(task)
        task.add_done_callback(dialling.discard)
        return near

    return await loop.create_server(accepted, sock=listener, backlog=512)
