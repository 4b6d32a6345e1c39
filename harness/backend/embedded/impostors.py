"""Another certificate in the server's place, for a while: an agent that sends anything then trusts whoever answers.

The certificate is exchanged in each handshake, so a connection knows which one it was shown. A client that resumes a
session is shown none; it is cut off, and proves nothing.
"""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from harness.model.deadline import Deadline

Suffers = Callable[[Scope, Receive], Awaitable[bool]]
FindTransport = Callable[[Scope], asyncio.Transport | None]
OTHER = "shown_other"
"""Set on the connection's TLS object."""


class Shown:
    """What came of it so far. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._shown, self._trusted_by = 0, ""

    @property
    def shown(self) -> int:
        """Handshakes in which it was presented."""
        return self._shown

    @property
    def trusted_by(self) -> str:
        """The first request that was sent all the same."""
        return self._trusted_by

    def wait(self, count: int, deadline: Deadline) -> bool:
        """Whether it was trusted, or presented `count` times, by the deadline."""
        with self._changed:
            while not self._trusted_by and self._shown < count and not deadline.passed:
                self._changed.wait(deadline.remaining_s)
            return bool(self._trusted_by) or self._shown >= count

    def note_shown(self) -> None:
        """One handshake more."""
        with self._changed:
            self._shown += 1
            self._changed.notify_all()

    def note_trusted(self, request: str) -> None:
        """Something was sent."""
        with self._changed:
            self._trusted_by = self._trusted_by or request
            self._changed.notify_all()


class Impostors:
    """The exchange, on and off, of one server. `find`: a request's transport."""

    def __init__(self, find: FindTransport) -> None:
        self._find = find
        self._shown: Shown | None = None

    def begin(self, context: ssl.SSLContext, other: ssl.SSLContext, shown: Shown) -> None:
        """Present `other`'s certificate in each handshake from now on."""

        def exchange(connection: Any, _name: str | None, _context: ssl.SSLContext) -> None:
            connection.context = other
            setattr(connection, OTHER, True)
            shown.note_shown()

        self._shown = shown
        context.sni_callback = exchange  # called without a server name, too

    def end(self, context: ssl.SSLContext) -> None:
        """Present the server's own again."""
        context.sni_callback = None
        self._shown = None

    async def suffers(self, scope: Scope, receive: Receive) -> bool:
        """Whether this request came by a connection that was shown the other certificate. It is not served then."""
        transport = self._find(scope)
        tls = transport.get_extra_info("ssl_object") if transport is not None else None
        if transport is None or not getattr(tls, OTHER, False):
            return False
        if (
            tls is not None
            and self._shown is not None
            and not tls.session_reused
            and await _sends_anything(scope, receive)
        ):
            self._shown.note_trusted(f"{scope['method']} {scope['path']}")
        transport.abort()
        return True


def guarded(application: ASGIApp, suffers: Suffers) -> ASGIApp:
    """The same application, which never sees what `suffers`."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and await suffers(scope, receive):
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await application(scope, receive, send)

    return guard


async def _sends_anything(scope: Scope, receive: Receive) -> bool:
    """Headers alone may precede an agent's look at the certificate (WinHTTP shows it only then); a body may not."""
    if any(name == b"authorization" for name, _ in scope["headers"]):
        return True
    while (message := await receive())["type"] == "http.request":
        if message.get("body"):
            return True
        if not message.get("more_body"):
            return False
    return False
