"""What a backend also offers if it can fail on purpose: an outage, and a certificate that is not its own."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from harness.model.deadline import Deadline

MOST_ENROLMENTS = 10
"""So many that fail in a row, each of them too soon, are enough to tell how an agent asks."""


@dataclass(frozen=True)
class Enrolments:
    """How often agents of a cell enrolled since it was admitted."""

    hosts: tuple[str, ...]
    """The host identifier of each enrolment, in order."""
    provoked: int
    """Answers that made another enrolment right: the node was told to be unknown, or an answer came late."""
    abandoned: int
    """Node keys that were never shown before the next enrolment, as of an agent that was stopped just then."""

    @property
    def unprovoked(self) -> int:
        """Enrolments beyond the first that nothing explains."""
        return max(0, len(self.hosts) - 1 - self.provoked - self.abandoned)


class Impostor(Protocol):
    """What came of showing another certificate."""

    @property
    def shown(self) -> int:
        """Handshakes in which it was presented."""
        ...

    @property
    def trusted_by(self) -> str:
        """The first request that was sent all the same, as `POST /path`; empty if there was none."""
        ...

    def wait(self, count: int, deadline: Deadline) -> bool:
        """Whether it was trusted, or presented `count` times, by the deadline."""
        ...


@runtime_checkable
class Troubles(Protocol):
    """Fails on purpose."""

    def fail_enrolments(self, cell: str, per_s: float) -> None:
        """The cell's next enrolments fail, until the agent keeps to `per_s`, or has shown that it does not."""
        ...

    def failed_enrolments(self, cell: str) -> Sequence[float]:
        """When they failed, in seconds since the epoch."""
        ...

    def begin_outage(self, cell: str) -> None:
        """Every request of the cell fails until `end_outage`."""
        ...

    def end_outage(self, cell: str) -> Sequence[float]:
        """Serve the cell again; returns when its requests failed, in seconds since the epoch."""
        ...

    def wait_failures(self, cell: str, count: int, deadline: Deadline) -> bool: ...

    def enrolled(self, cell: str) -> Enrolments: ...

    def impostor(self) -> AbstractContextManager[Impostor]:
        """Present a certificate of another authority until the block ends."""
        ...
