"""An older installer on a machine with the candidate: it refuses, or it takes the candidate's place, as declared."""

from harness.cell.check import check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch, told
from harness.lifecycle.timeline import Timeline
from harness.model.release import Downgrade
from harness.model.report import Phase

PHASE = Phase.DOWNGRADE
DECLARED = declares("outcome of a downgrade (upgrade.downgrade)", lambda profile: profile.upgrade.downgrade)


@check("An older installer does what is declared", declared=DECLARED)
def test_exit_code(cell: CellSession, timeline: Timeline) -> None:
    result = timeline.installation
    cell.note("exit code", f"{result.exit_code} ({result.meaning.text})")
    if cell.profile.upgrade.downgrade is Downgrade.BLOCKED:
        assert not result.succeeded, mismatch(
            "an older installer refuses while the candidate is there", f"it ended with {result.meaning}"
        )
    else:
        assert result.succeeded, mismatch("an older installer succeeds", told(cell, result))
