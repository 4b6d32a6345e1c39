"""How the embedded backend waits for what agents do: None is an answer only while its own server answers."""

from collections.abc import Callable
from typing import TypeVar

from harness.backend.embedded.admissions import Admissions
from harness.backend.embedded.pki import Authority
from harness.backend.embedded.server import TlsServer
from harness.backend.embedded.store import Item, Wanted
from harness.backend.reachable import require_answer
from harness.model.deadline import Deadline
from harness.model.machine import HostPort

T = TypeVar("T")


class Waiting:
    """The part of the backend that waits. Thread-safe."""

    _admissions: Admissions
    _authority: Authority
    _server: TlsServer

    @property
    def name(self) -> str:
        """`embedded`."""
        return "embedded"

    @property
    def address(self) -> HostPort:
        """Where it listens."""
        return self._server.address

    def _found(
        self, wanted: Wanted, read: Callable[[Item], T], matches: Callable[[T], bool], deadline: Deadline
    ) -> T | None:
        """The first item that matches. Each is looked at once, however often something new comes."""
        seen = 0

        def probe() -> T | None:
            nonlocal seen
            for last, items in self._admissions.search(wanted, seen):
                for item in items:
                    if matches(candidate := read(item)):
                        return candidate
                seen = max(seen, last)
            return None

        return self._wait(probe, deadline)

    def _wait(self, probe: Callable[[], T | None], deadline: Deadline) -> T | None:
        found = self._admissions.wait(probe, deadline)
        if found is None:
            self._require_own_answer()
        return found

    def _require_own_answer(self) -> None:
        """None is said of the agent only if there was a server to talk to. Raises `BackendError` otherwise."""
        require_answer(self.name, self.address, self._authority.ca_pem)
