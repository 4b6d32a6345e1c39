"""An ASGI application behind TLS, in a thread of its own."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from harness.backend.embedded.handshakes import Handshakes
from harness.backend.embedded.impostors import Impostors, Shown, guarded
from harness.backend.embedded.pki import Authority, Pair
from harness.backend.trouble import Impostor, Presented
from harness.model.errors import BackendError
from harness.model.machine import HostPort

KEEP_ALIVE_S = 75
"""Longer than an agent's polling interval, so that no poll meets a connection that is being closed."""

_START_S = 20.0
_STOP_S = 10.0


class TlsServer:
    """Listens from construction on; `start` serves. Bind to port 0 for a free port."""

    def __init__(self, authority: Authority, bind: str, on_end: Callable[[str], None]) -> None:
        host, _, port = bind.rpartition(":")
        try:
            self._socket = socket.create_server((host, int(port)), backlog=512)
        except (OSError, ValueError) as error:
            raise BackendError(f"The backend cannot listen on {bind}: {error}.") from error
        self.address = HostPort(host=host, port=self._socket.getsockname()[1])
        self._authority, self._on_end = authority, on_end
        self.handshakes = Handshakes()
        """What came to nothing below the protocol."""
        self._server: _Server | None = None
        self._context: ssl.SSLContext | None = None
        self._impostors = Impostors(self._transport)
        self._thread = threading.Thread(target=self._run, name=f"backend-{self.address.port}", daemon=True)

    def start(self, app: ASGIApp) -> None:
        """Serve `app`; returns once it is served. Raises `BackendError`."""
        try:
            context = self.handshakes.watch(tls_context(self._authority))
        except (ssl.SSLError, OSError) as error:
            raise BackendError(f"The backend's certificate cannot be used: {error}.") from error
        self._context = context
        config = uvicorn.Config(
            guarded(app, self._impostors),
            ssl_context_factory=lambda _config, _default: context,
            log_config=None,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            http="h11",
            loop="asyncio",
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
            backlog=512,
        )
        self._server = _Server(config)
        self._thread.start()
        if not self._server.serving.wait(_START_S) or not self._server.started:
            raise BackendError(f"The backend's server on {self.address} did not start.")

    def cut(self, scope: Scope) -> None:
        """Close the request's connection without an answer."""
        assert self._server is not None
        for connection in list(self._server.server_state.connections):
            assert isinstance(connection, H11Protocol)
            if connection.client == tuple(scope["client"] or ()):
                connection.transport.abort()

    @contextmanager
    def impostor(
        self, other: Authority, *, renewed: bool = False, in_turns: bool = False
    ) -> Iterator[Impostor]:
        """Present other certificates until the block ends. Connections are cut before and after.

        `in_turns`: that of another authority in the first `FIRST_IN_TURNS` handshakes, then the own one and it in turns.
        Each answer ends its connection then; those that are served at the end are not cut.
        """
        assert self._context is not None
        others = {Presented.OTHER_AUTHORITY: tls_context(other)}
        for kind, files in self._authority.others.items():
            if not in_turns and (renewed or kind is not Presented.RENEWED):
                others[kind] = tls_context(self._authority, files)
        shown = Shown(in_turns=in_turns)
        self._impostors.begin(self._context, others, shown)
        self._cut_all()
        try:
            yield shown
        finally:
            self._impostors.end(self._context)
            if not in_turns:  # an enrolment whose answer is lost would be made again
                self._cut_all()

    def _cut_all(self) -> None:
        """Agents come again by a connection of their own. Runs on the server's thread: transports belong to it.

        A request under way is answered first, and ends its connection: what was heard would be told again without.
        """
        server = self._server
        assert server is not None
        assert server.loop is not None
        done = threading.Event()

        def cut() -> None:
            for connection in list(server.server_state.connections):
                assert isinstance(connection, H11Protocol)
                cycle = connection.cycle
                if cycle is not None and not cycle.response_complete:
                    cycle.keep_alive = False
                elif connection.transport is not None:
                    connection.transport.abort()
            done.set()

        server.loop.call_soon_threadsafe(cut)
        done.wait(_STOP_S)

    def _transport(self, scope: Scope) -> asyncio.Transport | None:
        assert self._server is not None
        for connection in list(self._server.server_state.connections):
            assert isinstance(connection, H11Protocol)
            if connection.client == tuple(scope["client"] or ()):
                return connection.transport
        return None

    def stop(self) -> None:
        """End the server and its thread. Idempotent."""
        if self._server is not None:
            self._server.should_exit = True
            self._thread.join(_STOP_S)
        self._socket.close()

    def _run(self) -> None:
        assert self._server is not None
        reason = "it ended"
        try:
            self._server.run(sockets=[self._socket])
        except (OSError, RuntimeError) as error:
            reason = str(error)
        finally:
            self._server.serving.set()
            if not self._server.should_exit:
                self._on_end(f"The backend's server on {self.address} is gone: {reason}.")


class _Server(uvicorn.Server):
    """Says when it serves, instead of being asked."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.serving.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Agents keep connections open and machines vanish: their goodbye is not waited for."""
        for connection in list(self.server_state.connections):
            assert isinstance(connection, H11Protocol)
            connection.transport.abort()
        await super().shutdown(sockets)


def tls_context(authority: Authority, pair: Pair | None = None) -> ssl.SSLContext:
    """With another certificate of its own, if one is given.

    TLS 1.2 and 1.3: WinHTTP on Wine and before Windows 11 knows nothing newer than 1.2.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate, key = pair or Pair(authority.cert_file, authority.key_file)
    context.load_cert_chain(certificate, key)
    return context


def watched(application: ASGIApp, watch: Callable[[str], None]) -> ASGIApp:
    """The same application; `watch` is told each request's method and path."""

    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            watch(f"{scope['method']} {scope['path']}")
        await application(scope, receive, send)

    return tell
