"""What an uninstall in the middle of a scenario shows. The rest is asked as after an install."""

from harness.cell.check import check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.lifecycle.neighbours import vendors_folders
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase

PHASE = Phase.REINSTALL


@check(
    "What another product has in the vendor's folders outlives the uninstall",
    declared=declares("folder of its vendor's above its own", vendors_folders),
)
def test_neighbours(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.installation
    cell.note("looked at", ", ".join(timeline.neighbours))
    gone = timeline.neighbours_gone
    assert not gone, mismatch(
        "another product's file outlives the uninstall", f"gone with it: {listed(gone)}"
    )
