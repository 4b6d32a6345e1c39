"""Sockets, TLS and HTTP around the service.

Threads, not asyncio: a request that waits (Receive) then costs a sleeping thread and no callback machinery, a
request that does not is answered on the thread that read it, the TLS of the standard library is used
blocking, and the import of asyncio alone would take a third of the time this server may take to start. WinRM
has few connections.
"""

import errno
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import encryption
from .authentication import Authenticator, ConnectionIdentity
from .config import ServerConfig
from .door import Door
from .endpoint import Endpoint
from .http import BadRequest, Connection, HttpResponse
from .operations import Service
from .pace import Pace
from .shell import ShellTable

log = logging.getLogger("winrmd")

_STOP_TIMEOUT_S = 5.0
SPARE = 2
"""Threads that wait for a connection: a client does not wait until one is started."""
_LET_IN = (200, 500)
"""Statuses of answers to somebody who is logged in."""
_PASSING = frozenset(
    (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED, errno.EPROTO, errno.EPERM)
)
"""What keeps one connection from being accepted, or each for a while (accept(2))."""
_ACCEPT_AGAIN_S = 0.1


def serve(config: ServerConfig, listener: socket.socket, stop: threading.Event) -> None:
    """Serve connections of the listening socket until `stop` is set; then end every command and return.

    The listener is closed. Raises OSError or ssl.SSLError before serving if the certificate cannot be used.
    """
    server = Server(config, listener)
    server.start()
    try:
        stop.wait()
    finally:
        server.close()


class Server:
    """Answers on one listening socket.

    `door`: who connects is heard once it is known who this is, and who brings credentials once it is open; None: at
    once. Raises OSError or ssl.SSLError if the certificate cannot be used.
    """

    def __init__(self, config: ServerConfig, listener: socket.socket, door: Door | None = None) -> None:
        self._config = config
        self._listener = listener
        self._door = door or Door.opened()
        self._tls = _tls_context(config)
        self._authenticator = Authenticator(config)
        self._pace = Pace(config.limits.refusals_apart_s)
        self.shells = ShellTable(config.limits)
        self._endpoint = self._endpoint_of(config)
        self._lock = threading.Lock()
        self._peers: set[socket.socket] = set()
        self._idle = 0
        self._closing = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Serve, in threads of its own."""
        for _ in range(SPARE):
            self._wait_in_one_more()
        self._in_thread(self.shells.reap)
        if self._authenticator.ntlm:
            threading.Thread(target=_import_spnego, name="import", daemon=True).start()

    def become(self, config: ServerConfig) -> None:
        """Be another server on the same socket, with the same limits; nobody was heard yet. Raises as at first."""
        before = self._authenticator
        if self._tls is not None and config.tls_cert is not None:
            self._tls.load_cert_chain(config.tls_cert, config.tls_key)
        self._config, self._authenticator = config, Authenticator(config)
        self._endpoint = self._endpoint_of(config)
        before.close()
        self._door.known.set()

    def _endpoint_of(self, config: ServerConfig) -> Endpoint:
        service, secured = Service(config, self.shells), self._tls is not None
        return Endpoint(config, self._authenticator, service, self._door, self._pace, secured=secured)

    def _in_thread(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]

    def _wait_in_one_more(self) -> None:
        self._idle += 1
        self._in_thread(self._serve_peers)

    def _serve_peers(self) -> None:
        """Serve one connection after the other, and end where enough other threads wait for one."""
        while (accepted := self._accept()) is not None:
            with self._lock:
                self._idle -= 1
                if self._idle == 0 and not self._closing:
                    self._wait_in_one_more()
            self._serve_peer(*accepted)
            with self._lock:
                if self._idle >= SPARE or self._closing:
                    return
                self._idle += 1

    def _accept(self) -> tuple[socket.socket, tuple[str, int]] | None:
        """The next connection; None once there will be no more."""
        while True:
            try:
                peer, address = self._listener.accept()
            except OSError as error:
                if self._closing:
                    return None
                if error.errno not in _PASSING:
                    log.exception("cannot accept a connection")
                    return None
                log.warning("a connection cannot be accepted now: %s", error)
                time.sleep(_ACCEPT_AGAIN_S)
                continue
            with self._lock:
                full = len(self._peers) >= self._config.limits.max_connections or self._closing
            if not full:
                return peer, address
            log.warning("connection from %s refused: too many", address)
            peer.close()

    def close(self) -> None:
        """End everything."""
        self._closing = True
        self._pace.close()
        # Closing alone would leave accept() asleep.
        for ending in (self._listener, *self._open_peers()):
            try:
                ending.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._listener.close()
        self.shells.close_all()
        self._authenticator.close()
        until = time.monotonic() + _STOP_TIMEOUT_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _open_peers(self) -> list[socket.socket]:
        with self._lock:
            return list(self._peers)

    @contextmanager
    def _registered(self, peer: socket.socket) -> Iterator[None]:
        with self._lock:
            self._peers.add(peer)
        try:
            yield
        finally:
            with self._lock:
                self._peers.discard(peer)

    def _serve_peer(self, peer: socket.socket, address: tuple[str, int]) -> None:
        self._door.known.wait()
        with peer, self._registered(peer):
            try:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peer.settimeout(self._config.limits.handshake_timeout_s)
                if self._tls is None:
                    self._serve_requests(peer, address)
                    return
                with self._tls.wrap_socket(peer, server_side=True) as secured, self._registered(secured):
                    self._serve_requests(secured, address)
            except OSError as error:  # also ssl.SSLError: the peer went away or does not speak TLS
                log.info("connection from %s ended: %s", address[0], error)

    def _serve_requests(self, peer: socket.socket, address: tuple[str, int]) -> None:
        limits = self._config.limits
        connection = Connection(peer, limits.max_envelope_size + encryption.OVERHEAD)
        identity = ConnectionIdentity(self._authenticator)
        idle_s, whole_s = limits.login_timeout_s, limits.login_timeout_s
        while not self._closing:
            try:
                request = connection.read(idle_s, whole_s)
                if request is None:
                    return
                response = self._endpoint.respond(request, identity, address[0])
            except BadRequest as error:
                log.info("request from %s refused: %s", address[0], error)
                connection.write(HttpResponse(error.status, close=True))
                return
            except OSError:
                raise
            except Exception:
                log.exception("a request from %s was answered with HTTP 500", address[0])
                connection.write(HttpResponse(500, close=True))
                return
            connection.write(response)
            self._door.answered.set()
            if response.close or not request.keep_alive:
                return
            if response.status in _LET_IN:
                idle_s, whole_s = limits.connection_idle_s, limits.request_timeout_s


def _import_spnego() -> None:
    """Off the way to listening, and on while the first client is still shaking hands: it takes 100 ms."""
    import spnego  # noqa: F401


def _tls_context(config: ServerConfig) -> ssl.SSLContext | None:
    if config.tls_cert is None or config.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 0  # WinRM's clients keep their connections, and never resume a session
    context.load_cert_chain(config.tls_cert, config.tls_key)
    return context
