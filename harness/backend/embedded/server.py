"""An ASGI application behind TLS, in a thread of its own."""

import socket
import ssl
import threading
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from harness.backend.embedded.handshakes import Handshakes
from harness.backend.embedded.pki import Authority
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
        self._thread = threading.Thread(target=self._run, name=f"backend-{self.address.port}", daemon=True)

    def start(self, app: ASGIApp) -> None:
        """Serve `app`; returns once it is served. Raises `BackendError`."""
        try:
            context = self.handshakes.watch(tls_context(self._authority))
        except (ssl.SSLError, OSError) as error:
            raise BackendError(f"The backend's certificate cannot be used: {error}.") from error
        config = uvicorn.Config(
            app,
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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Agents keep connections open and machines vanish: their goodbye is not waited for."""
        for connection in list(self.server_state.connections):
            assert isinstance(connection, H11Protocol)
            connection.transport.abort()
        await super().shutdown(sockets)


def tls_context(authority: Authority) -> ssl.SSLContext:
    """TLS 1.2 and 1.3: WinHTTP on Wine and before Windows 11 knows nothing newer than 1.2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(authority.cert_file, authority.key_file)
    return context
