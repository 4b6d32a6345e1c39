"""`backend-gone`: while the agent is uninstalled its backend answers nothing but errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.backend.trouble import Troubles
from harness.cell.check import NotApplicable
from harness.lifecycle.timeline import Timeline


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Raises `NotApplicable` where the backend cannot be told to fail."""
    session = timeline.session
    backend = session.backend
    if not isinstance(backend, Troubles):
        raise NotApplicable(f"backend {backend.name} cannot be told to fail")
    with timeline.provoking():
        session.disturb()
        backend.begin_outage(session.cell.id)
        try:
            yield
        finally:
            failed = backend.end_outage(session.cell.id)
            session.note("requests that failed while it was uninstalled", len(failed))
