"""`clock-ahead`: the machine's clock is a day ahead of its backend's. Not on Wine (`Capability.OWN_CLOCK`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from harness.lifecycle.timeline import Timeline
from harness.probe.answers.system import Clock
from harness.probe.reading import read_value

AHEAD = timedelta(days=1)


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Set it, for good. Raises what the guest layer raises."""
    guest = timeline.session.guest
    now = read_value("clock", Clock, guest.probe("clock")).now
    guest.probe("set-clock", (now + AHEAD).strftime("%Y-%m-%dT%H:%M:%SZ"))
    yield
