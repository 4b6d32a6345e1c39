"""What the embedded backend does wrong when it is told to: faults of requests, outages, other certificates."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.backend.embedded.admission import PendingFault
from harness.backend.embedded.pki import make_authority
from harness.backend.embedded.waiting import Waiting
from harness.backend.interface import Endpoint, FaultKind
from harness.backend.trouble import Enrolments, Impostor
from harness.model.deadline import Deadline


class FailsOnPurpose(Waiting):
    """The part of the backend that fails on purpose. Satisfies `Troubles`."""

    _database: Path

    def misbehave(self, cell: str, kind: FaultKind, *, times: int = 1, seconds: float = 0.0) -> None:
        """The cell's next `times` requests suffer this, in the order of the calls."""
        self._admissions.misbehave(cell, PendingFault(kind, seconds), times)

    def fail_enrolments(self, cell: str, per_s: float) -> None:
        """The cell's next enrolments fail, until the agent keeps to `per_s`, or has shown that it does not."""
        self._admissions.fail_enrolments(cell, per_s)

    def failed_enrolments(self, cell: str) -> Sequence[float]:
        """When they failed, in seconds since the epoch."""
        return self._admissions.failed_enrolments(cell)

    def turn_away(self, cell: str) -> None:
        """Tell the cell's agent that it is unknown; every enrolment fails until `let_in`."""
        self._admissions.turn_away(cell)

    def wait_turned_away(self, cell: str, deadline: Deadline) -> bool:
        """Whether an enrolment has failed since, by the deadline."""
        return self._wait(lambda: self._admissions.turned_away(cell) or None, deadline) is not None

    def let_in(self, cell: str) -> bool:
        """Take enrolments again; whether the agent had heard that it is unknown. If not it is not told any more."""
        return self._admissions.let_in(cell)

    def begin_outage(self, cell: str) -> None:
        """Every request of the cell fails until `end_outage`."""
        self._admissions.begin_outage(cell)

    def end_outage(self, cell: str) -> Sequence[float]:
        """Serve the cell again; returns when its requests failed."""
        return self._admissions.end_outage(cell)

    def wait_failures(self, cell: str, count: int, deadline: Deadline) -> bool:
        """Whether so many requests have failed in the outage by the deadline."""
        return self._wait(lambda: self._admissions.failures(cell) >= count or None, deadline) is not None

    def enrolled(self, cell: str) -> Enrolments:
        """How often the cell's agents enrolled since it was admitted."""
        return self._admissions.enrolled(cell)

    def taken_away(self, cell: str) -> None:
        """The cell's agent was uninstalled: its next enrolment has a reason, if the node key is not shown again."""
        self._admissions.taken_away(cell)

    @contextmanager
    def impostor(self, *, renewed: bool = False, in_turns: bool = False) -> Iterator[Impostor]:
        """Present certificates that are not its own to whoever connects, for a while; what exists is cut."""
        other = make_authority(self._database.parent / f"{self._database.stem}-impostor")
        with self._server.impostor(other, renewed=renewed, in_turns=in_turns) as shown:
            yield shown

    def wait_recovered(self, cell: str, deadline: Deadline) -> Endpoint | None:
        """The endpoint once each fault was suffered and an authenticated request was served after it."""
        return self._wait(lambda: self._admissions.recovered(cell), deadline)
