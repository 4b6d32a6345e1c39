"""What the installation did to what is not its own: to the system, to other products."""

from harness.cell.check import check
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.whole_machine import put_on_record, words_of
from harness.lifecycle.whole_machine import WholeMachine
from harness.model.report import Phase
from harness.residue.change import Where

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
