"""What the installation did to what is not its own: to the system, to other products."""

from harness.cell.check import NotApplicable, check
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.whole_machine import put_on_record, words_of
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.whole_machine import WholeMachine
from harness.model.report import Phase
from harness.probe.answers.system import PendingRename
from harness.probe.reading import read_value
from harness.residue.change import Where
from harness.residue.snapshot import renames_in

PHASE = Phase.INSTALL


@check("No file of the system or of another product was changed or deleted", requires=["install.exit_code"])
def test_foreign_files(cell: CellSession, whole: WholeMachine) -> None:
    found = whole.installed.of(Where.FILE)
    put_on_record(cell, whole.installed, Where.FILE)
    assert not found, mismatch("the files of others are as they were", listed(words_of(found)))


@check(
    "No registry value of the system or of another product was changed or deleted",
    requires=["install.exit_code"],
)
def test_foreign_registry(cell: CellSession, whole: WholeMachine) -> None:
    found = whole.installed.of(Where.REGISTRY)
    put_on_record(cell, whole.installed, Where.REGISTRY)
    assert not found, mismatch("the registry keys of others are as they were", listed(words_of(found)))


@check("What it has the system load, run or read in its folder is there", requires=["install.exit_code"])
def test_named_files(whole: WholeMachine) -> None:
    missing = whole.dangling()
    assert not missing, mismatch(
        "each program and library of its folder that it names to the system is there",
        f"not there: {listed(missing)}",
    )


@check(
    "What other products want to be done at the next boot is still to be done",
    requires=["install.exit_code"],
)
def test_foreign_renames(cell: CellSession, timeline: Timeline) -> None:
    before = timeline.baseline.snapshot.pending_renames
    if not before:
        raise NotApplicable("nothing waited for the next boot before the installation")
    _ = timeline.installation
    if cell.expected_boots > 1:
        raise NotApplicable("the machine was rebooted since, and it is done")
    asked = cell.guest.probe("pending-renames", repeatable=True)
    gone = before - renames_in(read_value("pending-renames", list[PendingRename], asked))
    assert not gone, mismatch(
        "what other products want to be moved or deleted at the next boot is still on the list",
        f"gone from it: {listed(gone)}",
    )
