"""Other certificates in the server's place, for a while: an agent that sends anything then trusts whoever answers.

The certificate is exchanged in each handshake, so a connection knows which one it was shown. The first is of another
authority, then comes each that its own authority has given to another host or for another time, then again the first.
In turns it is another authority's alone, twice, and then the server's own and it one after the other.

A client that resumes a session is shown none: it is cut off, and counts for nothing. No tickets are given or taken
meanwhile. A session that TLS 1.2 knows by its number may be resumed once: cut off, the server forgets it.
"""

import asyncio
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.backend.trouble import FIRST_IN_TURNS, Presented
from harness.model.deadline import Deadline

FindTransport = Callable[[Scope], asyncio.Transport | None]
OTHER = "shown_other"
"""Set on the connection's TLS object: what is wrong with the certificate that it was shown."""


class Shown:
    """What came of it so far. Thread-safe. `in_turns`: the server's own certificate is shown as well, in turns."""

    def __init__(self, *, in_turns: bool = False) -> None:
        self.in_turns = in_turns
        self._changed = threading.Condition()
        self._handshakes = self._resumed = 0
        self._told: list[str] = []
        self._served: list[str] = []
        self._shown_at: list[float] = []
        self._shown_as: Counter[Presented] = Counter()
        self._trusted: dict[Presented, str] = {}

    @property
    def shown(self) -> int:
        """Handshakes in which one was presented."""
        return self._shown_as.total()

    def shown_since(self, moment: float) -> int:
        """How many of them came after that moment, in seconds since the epoch."""
        with self._changed:
            return sum(at > moment for at in self._shown_at)

    @property
    def resumed(self) -> int:
        """Handshakes that were to present one, and resumed a session instead."""
        return self._resumed

    @property
    def shown_as(self) -> Mapping[Presented, int]:
        """The same by what is wrong with the certificate."""
        with self._changed:
            return dict(self._shown_as)

    @property
    def trusted(self) -> Mapping[Presented, str]:
        """What is wrong with a certificate → the first request that was sent all the same."""
        with self._changed:
            return dict(self._trusted)

    @property
    def told(self) -> Sequence[str]:
        """Every request that was sent all the same."""
        with self._changed:
            return tuple(self._told)

    @property
    def served(self) -> Sequence[str]:
        """Every request that came in turns, to the server's own certificate."""
        with self._changed:
            return tuple(self._served)

    def wait(self, count: int, deadline: Deadline) -> bool:
        """Whether `count` were presented by the deadline; if not in turns, or another authority was trusted."""
        with self._changed:
            while not (done := self._done(count)) and not deadline.passed:
                self._changed.wait(deadline.remaining_s)
            return done

    def has_the_turn(self) -> bool:
        """Whether the next handshake is one in which another certificate is shown."""
        with self._changed:
            number = self._handshakes + 1
            return not self.in_turns or number <= FIRST_IN_TURNS or number % 2 == 0

    def note_own(self) -> None:
        """One handshake more, in which the server's own was shown."""
        with self._changed:
            self._handshakes += 1

    def note_resumed(self) -> None:
        """One handshake that shows nothing: the turn is still to come."""
        with self._changed:
            self._resumed += 1

    def note_shown(self, among: Mapping[Presented, Any]) -> Presented:
        """One handshake more; which of these it is shown."""
        with self._changed:
            self._handshakes += 1
            self._shown_at.append(time.time())
            kinds = list(among)
            count = self._shown_as.total()
            kind = kinds[count] if count < len(kinds) else kinds[0]
            self._shown_as[kind] += 1
            self._changed.notify_all()
            return kind

    def note_trusted(self, kind: Presented, request: str) -> None:
        """Something was sent."""
        with self._changed:
            self._trusted.setdefault(kind, request)
            self._told.append(request)
            self._changed.notify_all()

    def note_served(self, request: str) -> None:
        """It came to the server's own certificate."""
        with self._changed:
            self._served.append(request)

    def _done(self, count: int) -> bool:
        trusted = Presented.OTHER_AUTHORITY in self._trusted and not self.in_turns
        return trusted or self._shown_as.total() >= count


class Impostors:
    """The exchange, on and off, of one server. `find`: a request's transport."""

    def __init__(self, find: FindTransport) -> None:
        self._find = find
        self._shown: Shown | None = None
        self._before = (0, ssl.Options(0))

    def begin(
        self, context: ssl.SSLContext, others: Mapping[Presented, ssl.SSLContext], shown: Shown
    ) -> None:
        """Present the certificate of one of `others` in each handshake from now on, the first of them most often."""

        def exchange(connection: Any, _name: str | None, _context: ssl.SSLContext) -> None:
            if not shown.has_the_turn():
                shown.note_own()
            elif connection.session_reused:
                shown.note_resumed()
                setattr(connection, OTHER, next(iter(others)))
            else:
                kind = shown.note_shown(others)
                connection.context = others[kind]
                setattr(connection, OTHER, kind)

        self._shown = shown
        self._before = context.num_tickets, context.options
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET
        context.sni_callback = exchange  # called without a server name, too

    def end(self, context: ssl.SSLContext) -> None:
        """Present the server's own again."""
        context.sni_callback = None
        context.num_tickets, context.options = self._before
        self._shown = None

    @property
    def in_turns(self) -> Shown | None:
        """What comes of it, where the next connection may be shown another certificate than this one."""
        shown = self._shown
        return shown if shown is not None and shown.in_turns else None

    async def suffers(self, scope: Scope, receive: Receive) -> bool:
        """Whether this request came by a connection that was shown another certificate. It is not served then."""
        shown = self._shown  # `end` on another thread takes it away at any moment
        transport = self._find(scope)
        tls = transport.get_extra_info("ssl_object") if transport is not None else None
        kind: Presented | None = getattr(tls, OTHER, None)
        if transport is None or kind is None:
            return False
        if (
            tls is not None
            and shown is not None
            and not tls.session_reused
            and await _sends_anything(scope, receive)
        ):
            shown.note_trusted(kind, f"{scope['method']} {scope['path']}")
        transport.abort()
        return True


def guarded(application: ASGIApp, impostors: Impostors) -> ASGIApp:
    """The same application, which never sees what suffers from them; in turns, each answer ends its connection."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and await impostors.suffers(scope, receive):
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if (turns := impostors.in_turns) is not None and scope["type"] == "http":
            turns.note_served(f"{scope['method']} {scope['path']}")
            send = _last_of_its_connection(send)
        await application(scope, receive, send)

    return guard


def _last_of_its_connection(send: Send) -> Send:
    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return closing


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
