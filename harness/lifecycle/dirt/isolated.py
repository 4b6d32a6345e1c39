"""`isolated`: the host is isolated when its agent is uninstalled. Nobody is left who could release it."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.backend.interface import BackendFeature
from harness.cell.check import NotApplicable, NotTested
from harness.lifecycle.isolation import UNANSWERED, ask_for, lets_nobody_in
from harness.lifecycle.timeline import Timeline
from harness.model.errors import CandidateError

NEEDED = (BackendFeature.CONFIGURE, BackendFeature.STATUS)


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Have the agent isolate its host. Raises `NotTested` without such an action, `CandidateError` if it does not."""
    session = timeline.session
    if "isolate" not in session.profile.response_actions:
        raise NotTested("the profile declares no response action 'isolate'")
    missing = frozenset(NEEDED) - session.backend.features
    if missing:
        raise NotApplicable(f"backend {session.backend.name} offers no {', '.join(sorted(missing))}")
    _ = timeline.endpoint
    line = ask_for(session, "isolate")
    if line is None:
        raise CandidateError(
            "Expected: asked to isolate its host, the agent says that it does. Found: it did not."
        )
    session.note("isolated before the uninstall", line.message)
    try:
        yield
    except UNANSWERED as error:
        if not lets_nobody_in(session):
            raise
        ask_for(session, "release")
        raise NotApplicable(
            "an isolated host lets nobody in, so nothing can be uninstalled from it"
        ) from error
