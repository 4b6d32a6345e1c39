"""What a backend also offers if it can fail on purpose: an outage, and certificates that are not its own."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from harness.model.deadline import Deadline

FIRST_IN_TURNS = 2
"""Where certificates are shown in turns: so many handshakes at first meet another one, then each second one does."""
PAUSES_GROW = 2.0
"""An agent that doubles its pauses may come again only after as long as it was refused, and somewhat longer."""
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
    """Node keys that were not shown any more before the next enrolment: of an agent that was stopped right after it got
    one, or that was taken away (`taken_away`)."""

    @property
    def unprovoked(self) -> int:
        """Enrolments beyond the first that nothing explains."""
        return max(0, len(self.hosts) - 1 - self.provoked - self.abandoned)


class Presented(StrEnum):
    """Which certificate is shown in the place of the backend's own."""

    OTHER_AUTHORITY = "other-authority"
    OTHER_NAME = "other-name"  # of the backend's own authority, for another host
    EXPIRED = "expired"  # of the backend's own authority, for the right host, past its time
    RENEWED = "renewed"  # of the backend's own authority, for the right host and time, with another key

    @property
    def words(self) -> str:
        """How a message names such a certificate."""
        return {
            Presented.OTHER_AUTHORITY: "a certificate of another authority",
            Presented.OTHER_NAME: "a certificate of its own authority for another host",
            Presented.EXPIRED: "a certificate of its own authority that has expired",
            Presented.RENEWED: "a certificate that its own authority has renewed",
        }[self]


class Impostor(Protocol):
    """What came of showing other certificates, one after the other."""

    @property
    def shown(self) -> int:
        """Handshakes in which one of them was presented."""
        ...

    @property
    def resumed(self) -> int:
        """Handshakes that were cut off because they resumed a session: none was presented in them."""
        ...

    def shown_since(self, moment: float) -> int:
        """How many of them came after that moment, in seconds since the epoch."""
        ...

    @property
    def shown_as(self) -> Mapping[Presented, int]:
        """The same by certificate."""
        ...

    @property
    def trusted(self) -> Mapping[Presented, str]:
        """One that was trusted → the first request that was sent then, as `POST /path`."""
        ...

    @property
    def told(self) -> Sequence[str]:
        """Every request that was sent to one of them, as `POST /path`."""
        ...

    @property
    def served(self) -> Sequence[str]:
        """Every request that came to the backend's own certificate in turns with them, as `POST /path`."""
        ...

    def wait(self, count: int, deadline: Deadline) -> bool:
        """Whether `count` were presented by the deadline; if not in turns, or another authority was trusted."""
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

    def turn_away(self, cell: str) -> None:
        """Tell the cell's agent that it is unknown; every enrolment fails until `let_in`."""
        ...

    def wait_turned_away(self, cell: str, deadline: Deadline) -> bool:
        """Whether an enrolment has failed since, by the deadline."""
        ...

    def let_in(self, cell: str) -> bool:
        """Take enrolments again; whether the agent had heard that it is unknown. If not it is not told any more."""
        ...

    def begin_outage(self, cell: str) -> None:
        """Every request of the cell fails until `end_outage`."""
        ...

    def end_outage(self, cell: str) -> Sequence[float]:
        """Serve the cell again; returns when its requests failed, in seconds since the epoch."""
        ...

    def wait_failures(self, cell: str, count: int, deadline: Deadline) -> bool: ...

    def enrolled(self, cell: str) -> Enrolments: ...

    def taken_away(self, cell: str) -> None:
        """The cell's agent was uninstalled with all that it knew: one that comes without its node key has reason to."""
        ...

    def impostor(self, *, renewed: bool = False, in_turns: bool = False) -> AbstractContextManager[Impostor]:
        """Present certificates that are not the backend's own until the block ends; `renewed`: that one, too.

        `in_turns`: one of another authority (`FIRST_IN_TURNS` times), then the own one and it in turns, each for one
        request. Handshakes that resume a session show none, and do not count.
        """
        ...
