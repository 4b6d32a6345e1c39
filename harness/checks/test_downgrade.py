"""An older installer on a machine with the candidate: it refuses, or it takes the candidate's place, as declared."""

from harness.cell.check import check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch, told
from harness.lifecycle.timeline import Timeline
from harness.model.release import Downgrade
from harness.model.report import Phase
from harness.model.version_text import same_version

PHASE = Phase.DOWNGRADE
DECLARED = declares("outcome of a downgrade (upgrade.downgrade)", lambda profile: profile.upgrade.downgrade)
CLEAN = declares(
    "clean downgrade (upgrade.downgrade: clean)",
    lambda profile: profile.upgrade.downgrade is Downgrade.CLEAN,
)


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


@check("The older release is there alone", declared=CLEAN)
def test_replaced(cell: CellSession, timeline: Timeline) -> None:
    wanted, name = timeline.on_machine.version, cell.profile.product_name
    shown = [
        entry.display_version or "" for entry in timeline.inspection.entries if entry.display_name == name
    ]
    assert len(shown) == 1, mismatch(
        f"one entry named {name!r}, of version {wanted}", f"{len(shown)}: {listed(shown)}"
    )
    assert same_version(shown[0], wanted), mismatch(f"version {wanted} is installed", f"version {shown[0]}")
