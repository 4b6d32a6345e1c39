"""`check-in` before the candidate comes: wait until the earlier release is known at the backend."""

from harness.cell.declared import never_introduced
from harness.lifecycle.releases import ReleaseUnusable
from harness.lifecycle.timeline import Timeline
from harness.model.errors import CandidateError
from harness.model.steps import Step


def act(timeline: Timeline, step: Step) -> None:  # noqa: ARG001 - every action has the same form
    """Remember the endpoint, if the agent is told of a backend. Raises `ReleaseUnusable` if it does not enrol."""
    session, earlier = timeline.session, timeline.earlier
    if never_introduced(session.profile, session.backend.name):
        return
    assert earlier is not None, "the rules of a matrix let no step stand before the installation"
    try:
        earlier.endpoint = timeline.enrolled(f"the installation of the {earlier.name} release")
    except CandidateError as error:
        raise ReleaseUnusable(earlier.name, earlier.release, str(error)) from error
