"""What a backend also offers if it counts what it served: how often an agent asked, and how much it sent."""

from typing import Protocol, runtime_checkable

from harness.model.base import Frozen


class Traffic(Frozen):
    """What came for one cell since its agent was heard first."""

    requests: int
    """Requests that were served; those that the backend failed on purpose are none."""
    sent_bytes: int
    """Their bodies, as they came."""
    lasted_s: float


@runtime_checkable
class CountsTraffic(Protocol):
    """A backend that counts what agents ask it and send it, for each cell."""

    def traffic(self, cell: str) -> Traffic: ...
