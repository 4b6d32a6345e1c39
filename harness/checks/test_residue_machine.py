"""What is left anywhere on the machine: where no list of ours says to look."""

from harness.cell.check import check
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.whole_machine import put_on_record, words_of
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.whole_machine import WholeMachine
from harness.model.report import Phase
from harness.residue.change import Where

PHASE = Phase.RESIDUE


@check("No file anywhere on drive C: is left, changed or gone", follows=["install.foreign_files"])
def test_machine_files(cell: CellSession, timeline: Timeline, whole: WholeMachine) -> None:
    _assert_nothing(cell, timeline, whole, Where.FILE)


@check("No registry key or value anywhere is left, changed or gone", follows=["install.foreign_registry"])
def test_machine_registry(cell: CellSession, timeline: Timeline, whole: WholeMachine) -> None:
    _assert_nothing(cell, timeline, whole, Where.REGISTRY)


@check("No program that the candidate started still runs", follows=["residue.processes"])
def test_orphans(timeline: Timeline, whole: WholeMachine) -> None:
    left = whole.orphans
    assert not left, mismatch(
        f"no program runs after {timeline.departure} that did not run before, and none does without the candidate",
        listed(left),
    )


def _assert_nothing(cell: CellSession, timeline: Timeline, whole: WholeMachine, where: Where) -> None:
    after = whole.after
    put_on_record(cell, after, where)
    left = words_of(after.of(where))
    assert not left, mismatch(
        f"the {where.value} is after {timeline.departure} as it was before", listed(left)
    )
