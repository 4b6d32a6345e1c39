"""A request of the agent that its backend takes and never answers, as where a connection dies without a word."""

from harness.backend.interface import FaultKind
from harness.backend.trouble import Troubles
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline


def within_s(timeline: Timeline, gives_up_s: float) -> float:
    """How long the agent has to ask, to give that up after `gives_up_s`, and to ask again."""
    session = timeline.session
    return session.within(session.profile.check_in.heartbeat_s + gives_up_s).length_s


def asks_again(timeline: Timeline, gives_up_s: float) -> bool | None:
    """Whether it asks again in time; None where the backend cannot be told to leave a request without an answer."""
    session, backend = timeline.session, timeline.session.backend
    if not isinstance(backend, Troubles):
        return None
    with timeline.provoking():
        backend.misbehave(session.cell.id, FaultKind.MUTE)
        session.disturb()  # the next request of it is the one that waits
        seen = backend.wait_recovered(session.cell.id, Deadline.after(within_s(timeline, gives_up_s)))
        session.disturb()
    return seen is not None
