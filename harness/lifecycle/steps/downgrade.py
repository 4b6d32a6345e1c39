"""`downgrade: previous`: run an older installer on the machine that has the candidate."""

from collections.abc import Mapping

from harness.cell.check import Blocked
from harness.guest.msi.result import MsiResult
from harness.lifecycle.releases import medium, release_of
from harness.lifecycle.removals_on_wine import replacing
from harness.lifecycle.timeline import Timeline
from harness.model.release import Downgrade
from harness.model.report import Outcome
from harness.model.steps import Step


def act(timeline: Timeline, step: Step) -> MsiResult:
    """The older installer's result. What it means is the profile's to say (`upgrade.downgrade`)."""
    session = timeline.session
    if session.recorder.outcomes.get(timeline.arrived) is not Outcome.PASSED:
        raise Blocked(f"blocked by {timeline.arrived}: there is nothing to go back from", timeline.arrived)
    name, release = release_of(session, step)
    # As an upgrade is given them: the agent runs, and sees what stands on the installer's command line.
    properties = timeline.rendered(session.profile.upgrade.properties, release)
    allowed = session.profile.upgrade.downgrade is Downgrade.CLEAN

    def install(more: Mapping[str, str]) -> MsiResult:
        given = {**properties, **more}
        return timeline.run_package(release, medium(name), given, "downgrade", may_fail=True)

    result = (
        replacing(session, session.candidate, release, timeline.properties(), properties, install)
        if allowed
        else install({})
    )
    if result.succeeded and allowed:
        timeline.on_machine = release
    return result
