"""What a repair must leave as it was. The rest is asked as after an install."""

from harness.backend.interface import BackendFeature
from harness.cell.check import check
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.checks.kept_settings import SETTINGS, assert_kept
from harness.checks.same_endpoint import seen_again
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
    seen = seen_again(cell, before, "the repair")
    more = seen.enrolments - before.enrolments
    assert not more, mismatch("the agent goes on with its enrolment", f"it enrolled anew, {more} times")


@check("A repair leaves what customers set as they set it", declared=SETTINGS, keeps="configuration")
def test_settings(cell: CellSession, timeline: Timeline) -> None:
    assert_kept(cell, timeline, "repair")
