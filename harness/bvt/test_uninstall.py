"""The candidate leaves: the uninstaller's own word."""

from harness.bvt.boots import assert_reboot_declared
from harness.model.report import Phase
from harness.run.cell import CellSession
from harness.run.check import check
from harness.run.stimulus import Stimulated
from harness.run.timeline import Timeline

PHASE = Phase.UNINSTALL


@check("The uninstaller succeeds")
def test_exit_code(cell: CellSession, timeline: Timeline, stimulated: Stimulated) -> None:
    stimulated.withdraw()
    result = timeline.uninstallation
    cell.note("exit code", f"{result.exit_code} ({result.meaning.text})")
    assert result.succeeded, (
        f"The uninstaller ended with {result.exit_code}: {result.meaning.text}. {result.log_excerpt}".strip()
    )


@check("Uninstalling asks for no reboot that is not declared")
def test_no_pending_reboot(cell: CellSession, timeline: Timeline) -> None:
    assert_reboot_declared(cell, timeline, "uninstall", timeline.uninstallation)
