"""The candidate leaves: the uninstaller's own word."""

from harness.cell.check import NotApplicable, check
from harness.cell.session import CellSession
from harness.checks.boots import assert_reboot_declared
from harness.checks.expectation import mismatch, note_children, told
from harness.lifecycle.burst import Burst
from harness.lifecycle.continuity import withdraw
from harness.lifecycle.outage import Outage
from harness.lifecycle.restart_in_use import RestartInUse
from harness.lifecycle.stimulus import Stimulated
from harness.lifecycle.timeline import Timeline
from harness.model.candidate import InstallerKind
from harness.model.phases import ARRIVES
from harness.model.report import Phase

PHASE = Phase.UNINSTALL


@check("The uninstaller succeeds", requires=ARRIVES, follows=["install.something", "upgrade.something"])
def test_exit_code(
    cell: CellSession,
    timeline: Timeline,
    stimulated: Stimulated,
    outage: Outage,
    burst: Burst,
    restarted: RestartInUse,
) -> None:
    stimulated.withdraw()
    outage.withdraw()
    restarted.withdraw()
    withdraw(timeline)
    result = timeline.uninstallation
    if stimulated.held or burst.held:  # what the agent held open; functions.files_let_go names that
        stimulated.withdraw()
        restarted.withdraw()
        burst.withdraw()
    cell.note("exit code", f"{result.exit_code} ({result.meaning.text})")
    note_children(cell, result)
    assert result.succeeded, mismatch("the uninstaller ends with success", told(cell, result))


@check(
    "Uninstalling asks for no reboot that is not declared",
    requires=[*ARRIVES, "uninstall.exit_code"],
)
def test_no_pending_reboot(cell: CellSession, timeline: Timeline) -> None:
    result = timeline.uninstallation
    declared = "uninstall" in cell.profile.installer.reboot_after
    if cell.candidate.kind is InstallerKind.EXE and not result.reboot_needed and not declared:
        raise NotApplicable("an EXE uninstaller does not say whether it needs a reboot")
    assert_reboot_declared(cell, timeline, "uninstall", result)
