"""`reinstall: candidate`: uninstall it and install it again: what it left must not be in its own way."""

from harness.backend.trouble import Troubles
from harness.cell.check import Blocked
from harness.guest.msi.result import MsiResult
from harness.lifecycle.neighbours import move_in, move_out
from harness.lifecycle.timeline import Timeline
from harness.model.report import Outcome
from harness.model.steps import Step


def act(timeline: Timeline, step: Step) -> MsiResult:  # noqa: ARG001 - every action has the same form
    """The installer's result; the uninstaller's, if it failed."""
    session = timeline.session
    if session.recorder.outcomes.get(timeline.arrived) is not Outcome.PASSED:
        raise Blocked(f"blocked by {timeline.arrived}: there is nothing to install again", timeline.arrived)
    timeline.neighbours = move_in(timeline)
    gone = timeline.uninstall_now("reinstall")
    timeline.neighbours_gone = move_out(timeline, timeline.neighbours)
    if not gone.succeeded:
        return gone
    if isinstance(session.backend, Troubles):
        session.backend.taken_away(session.cell.id)
    return timeline.run_package(session.candidate, "candidate", timeline.properties(), "reinstall")
