"""`backend-down`: while the agent is installed its backend answers nothing but errors, and for a while after it."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.backend.trouble import Troubles
from harness.cell.check import NotApplicable
from harness.lifecycle.timeline import Timeline

FAILURES = 2
"""So often the agent has asked in vain before the backend is back."""


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
                backend.wait_failures(session.cell.id, FAILURES, patience)
    finally:
        session.note("requests that failed meanwhile", len(backend.end_outage(session.cell.id)))
