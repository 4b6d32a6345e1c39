"""`functions` before the candidate comes: provoke an event that must arrive once, and once only, across the upgrade."""

from harness.backend.interface import BackendFeature
from harness.lifecycle.continuity import provoke
from harness.lifecycle.releases import ReleaseUnusable
from harness.lifecycle.timeline import Timeline
from harness.model.steps import Step


def act(timeline: Timeline, step: Step) -> None:  # noqa: ARG001 - every action has the same form
    """Provoke a change of a file and wait for it. Raises `ReleaseUnusable` if it does not arrive."""
    earlier, session = timeline.earlier, timeline.session
    assert earlier is not None, "the rules of a matrix let no step stand before the installation"
    telemetry = session.profile.telemetry.get("file_change")
    if telemetry is None or BackendFeature.TELEMETRY not in session.backend.features:
        return
    earlier.provoked = provoke(timeline)
    with session.recorder.stopwatch.waiting():
        found = session.backend.wait_event(
            session.cell.id,
            telemetry.query,
            earlier.provoked,
            session.within(telemetry.deadline_s),
            action=telemetry.action,
        )
    if found is None:
        raise ReleaseUnusable(earlier.name, earlier.release, "the change of a file did not arrive from it.")
