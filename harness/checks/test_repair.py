"""What a repair must leave as it was. The rest is asked as after an install."""

import time

from harness.backend.interface import BackendFeature
from harness.backend.seen import what_was_seen
from harness.cell.check import check
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.checks.kept_settings import SETTINGS, assert_kept
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase

PHASE = Phase.REPAIR


@check(
    "A repair leaves the agent the same endpoint, without a new enrolment",
    backend=[BackendFeature.HEARTBEAT],
    keeps="identity",
    requires=["repair.service_running"],
)
def test_same_endpoint(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.installation
    before = timeline.seen_before
    assert before is not None  # the step waits for it
    deadline = cell.patience(cell.profile.check_in.deadline_s)
    with cell.recorder.stopwatch.waiting():
        seen = cell.backend.wait_seen(cell.cell.id, deadline, after=time.time())
    assert seen is not None, mismatch(
        f"the agent checks in within {deadline.length_s:g} s of the repair",
        f"it did not; {what_was_seen(cell.backend, cell.cell.id)}",
    )
    assert seen.host_identifier == before.host_identifier, mismatch(
        f"after the repair the agent is still {before.host_identifier!r}", f"it is {seen.host_identifier!r}"
    )
    more = seen.enrolments - before.enrolments
    assert not more, mismatch("the agent goes on with its enrolment", f"it enrolled anew, {more} times")


@check("A repair leaves what customers set as they set it", declared=SETTINGS, keeps="configuration")
def test_settings(cell: CellSession, timeline: Timeline) -> None:
    assert_kept(cell, timeline, "repair")
