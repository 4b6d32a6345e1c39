"""One host: a connection that comes back after its daemon restarts, and the host's size."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import libvirt
import tenacity

from harness.machines.libvirt.host.daemon import SCHEME, PrivateDaemon, ensure_daemon
from harness.machines.libvirt.host.events import EventSink, start_event_loop
from harness.machines.libvirt.host.limit import within
from harness.model.errors import InfrastructureError
from harness.state import StateDirectory

T = TypeVar("T")
KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT = 5, 3
RECONNECT_WITHIN_S = 10.0

# Errors that say "the daemon is away", not "the answer is no".
CONNECTION_ERRORS = frozenset(
    {
        libvirt.VIR_ERR_RPC,
        libvirt.VIR_ERR_SYSTEM_ERROR,
        libvirt.VIR_ERR_NO_CONNECT,
        libvirt.VIR_ERR_INVALID_CONN,
        libvirt.VIR_ERR_INTERNAL_ERROR,
    }
)


class HostUnreachable(InfrastructureError):
    """A host's libvirt daemon does not answer."""


class HostRestarted(InfrastructureError):
    """A host's libvirt daemon went away in the middle of something, and answers again."""


@dataclass(frozen=True)
class HostSize:
    """What a host has for guests."""

    memory_mb: int
    cpus: int


class Host:
    """One libvirt daemon, by the URI in the pool. Thread-safe."""

    def __init__(self, uri: str, state: StateDirectory) -> None:
        self.uri = uri
        self.events = EventSink()
        self._state = state
        self._lock = threading.RLock()
        self._connection: libvirt.virConnect | None = None

    @property
    def local_socket(self) -> bool:
        """True if open files can be handed to QEMU: the daemon is reached over a Unix socket."""
        return self.uri.startswith((SCHEME, "qemu:///", "qemu+unix://"))

    @property
    def log_directory(self) -> Path:
        """Where libvirt keeps its logs, on that host."""
        if self.uri.startswith(SCHEME):
            daemon = PrivateDaemon.named(self.uri, self._state)
            return daemon.root / "log" if daemon.privileged else daemon.root / "cache" / "libvirt"
        return Path("/var/log/libvirt")

    @property
    def nvram_directory(self) -> Path:
        """Where libvirt keeps UEFI variables, on that host; it leaves those of vanished domains behind."""
        if self.uri.startswith(SCHEME):
            daemon = PrivateDaemon.named(self.uri, self._state)
            own = daemon.root / "lib" if daemon.privileged else daemon.root / "etc" / "libvirt"
            return own / "qemu" / "nvram"
        return Path("/var/lib/libvirt/qemu/nvram")

    def connection(self) -> libvirt.virConnect:
        """A live connection, opened anew if the old one broke. Raises `HostUnreachable`."""
        with self._lock:
            if self._connection is not None and self._alive(self._connection):
                return self._connection
            self._connection = None
            start_event_loop()
            retrying = tenacity.Retrying(
                stop=tenacity.stop_after_delay(RECONNECT_WITHIN_S),
                wait=tenacity.wait_exponential(multiplier=0.05, max=1.0),
                retry=tenacity.retry_if_exception_type(libvirt.libvirtError),
                reraise=True,
            )
            try:
                self._connection = retrying(self._open)
            except libvirt.libvirtError as error:
                raise HostUnreachable(
                    f"libvirt at {self.uri} does not answer: {error}.",
                    hint="Start its daemon, or name another host in the pool (private:NAME needs no daemon).",
                ) from error
            except (InfrastructureError, OSError) as error:  # a private daemon that cannot be started
                hint = error.hint if isinstance(error, InfrastructureError) else ""
                said = error.message if isinstance(error, InfrastructureError) else str(error)
                raise HostUnreachable(f"{self.uri} cannot be used: {said}", hint=hint) from error
            return self._connection

    def call(self, work: Callable[[libvirt.virConnect], T]) -> T:
        """Run `work`, which must be safe to repeat; once more on a new connection if the first breaks."""
        connection = self.connection()
        try:
            return work(connection)
        except libvirt.libvirtError as error:
            if error.get_error_code() not in CONNECTION_ERRORS or self._alive(connection):
                raise
        return work(self.connection())

    def domain(self, name: str) -> libvirt.virDomain | None:
        """The domain of that name, None if there is none."""

        def look(connection: libvirt.virConnect) -> libvirt.virDomain | None:
            try:
                return connection.lookupByName(name)
            except libvirt.libvirtError as error:
                if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                    return None
                raise

        return self.call(look)

    def destroy(self, name: str) -> bool:
        """End the domain at once; False if there is none."""
        domain = self.domain(name)
        if domain is None:
            return False
        try:
            domain.destroy()
        except libvirt.libvirtError as error:
            if error.get_error_code() not in (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID):
                raise
        return True

    def remove_traces(self, name: str) -> None:
        """Remove what libvirt leaves of an ended domain: UEFI variables; a private daemon's log of its QEMU too."""
        if not self.local_socket:
            return
        with suppress(OSError):  # somebody else's daemon may keep them where this user cannot write
            (self.nvram_directory / f"{name}_VARS.fd").unlink(missing_ok=True)
        if self.uri.startswith(SCHEME):
            with suppress(OSError):
                (self.log_directory / "qemu" / f"{name}.log").unlink(missing_ok=True)

    def size(self) -> HostSize:
        """Memory and processors of the host. Raises `HostUnreachable`."""
        try:
            info = self.call(lambda connection: connection.getInfo())
        except libvirt.libvirtError as error:
            raise HostUnreachable(f"libvirt at {self.uri} does not tell its size: {error}.") from error
        return HostSize(memory_mb=int(info[1]), cpus=int(info[2]))

    def versions(self) -> str:
        """QEMU and libvirt, as the daemon states them. Raises `HostUnreachable`."""
        try:
            qemu, lib = self.call(lambda c: (int(c.getVersion()), int(c.getLibVersion())))
        except libvirt.libvirtError as error:
            raise HostUnreachable(f"libvirt at {self.uri} does not tell its version: {error}.") from error
        return f"QEMU {_dotted(qemu)}, libvirt {_dotted(lib)}"

    def close(self) -> None:
        """Close the connection, if there is one."""
        with self._lock:
            if self._connection is not None and self._alive(self._connection):
                self._connection.close()
            self._connection = None

    def _open(self) -> libvirt.virConnect:
        address = ensure_daemon(self.uri, self._state)
        # A daemon that hangs still has its socket, and what keeps a connection alive only begins with it.
        connection = within("an answer of its libvirt daemon", lambda: libvirt.open(address))
        connection.setKeepAlive(KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT)
        self.events.register(connection)
        return connection

    @staticmethod
    def _alive(connection: libvirt.virConnect) -> bool:
        try:
            return bool(connection.isAlive())
        except libvirt.libvirtError:
            return False


def _dotted(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
