"""`isolated`: the host is isolated when its agent is uninstalled. Nobody is left who could release it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from harness.backend.interface import BackendFeature
from harness.cell.check import NotApplicable, NotTested
from harness.lifecycle.isolation import UNANSWERED, ask_for, lets_nobody_in
from harness.lifecycle.timeline import Timeline
from harness.model.errors import CandidateError

NEEDED = (BackendFeature.CONFIGURE, BackendFeature.STATUS)


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Have the agent isolate its host; see `isolating`."""
    with isolating(timeline, "uninstall", "nothing can be uninstalled from it"):
        yield


@contextmanager
def isolating(
    timeline: Timeline, before: str, cannot: str, needed: Sequence[BackendFeature] = NEEDED
) -> Iterator[None]:
    """Have the agent isolate its host, until what lasts is ended (`Timeline.lasting`), where the profile says how.

    `before`: what comes then; `cannot`: what cannot be done to a host that lets nobody in, which is released again.
    Raises `NotTested` without such an action, `NotApplicable` where the backend does not offer what is `needed` or the
    isolated host lets nobody in, `CandidateError` if the agent does not isolate it.
    """
    session = timeline.session
    if "isolate" not in session.profile.response_actions:
        raise NotTested("the profile declares no response action 'isolate'")
    missing = frozenset(needed) - session.backend.features
    if missing:
        raise NotApplicable(f"backend {session.backend.name} offers no {', '.join(sorted(missing))}")
    _ = timeline.endpoint
    if "release" in session.profile.response_actions:
        timeline.lasting.until_ended(lambda: ask_for(session, "release"))
    line = ask_for(session, "isolate")
    if line is None:
        raise CandidateError(
            "Expected: asked to isolate its host, the agent says that it does. Found: it did not."
        )
    session.note(f"isolated before the {before}", line.message)
    try:
        yield
    except UNANSWERED as error:
        if not lets_nobody_in(session):
            raise
        timeline.lasting.end()
        raise NotApplicable(f"an isolated host lets nobody in, so {cannot}") from error
