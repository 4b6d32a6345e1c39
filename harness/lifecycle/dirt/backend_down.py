"""`backend-down`: while the agent is installed its backend answers nothing but errors, and for a while after it."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.backend.trouble import Troubles
from harness.cell.check import NotApplicable
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline

FAILURES = 2
"""So often the agent has asked in vain before the backend is back."""
COUNTED_S = 1.5
"""For so long it is counted after that how often it asks."""


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Raises `NotApplicable` where the backend cannot be told to fail."""
    session = timeline.session
    backend = session.backend
    if not isinstance(backend, Troubles):
        raise NotApplicable(f"backend {backend.name} cannot be told to fail")
    backend.begin_outage(session.cell.id)
    try:
        with timeline.provoking():
            yield
            with session.recorder.stopwatch.waiting():
                patience = session.within(session.profile.check_in.heartbeat_s)
                if backend.wait_failures(session.cell.id, FAILURES, patience):
                    Deadline.after(COUNTED_S).pause(COUNTED_S)
    finally:
        timeline.asked_in_vain = backend.end_outage(session.cell.id)
        session.note("requests that failed meanwhile", len(timeline.asked_in_vain))
