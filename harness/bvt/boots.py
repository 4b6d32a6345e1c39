"""What several phases ask of the machine itself: that it boots when it is asked to, and only then."""

from harness.model.deadline import Deadline
from harness.run.cell import CellSession

LOOK_EVERY_S = 0.2


def assert_boots(cell: CellSession, *, watched_s: float = 0.0) -> None:
    """The machine booted as often as it was asked to, and does not boot once more within `watched_s` seconds."""
    watched = Deadline.after(watched_s)
    with cell.recorder.stopwatch.waiting():
        while (boots := cell.machine.condition().boots) == cell.expected_boots and not watched.passed:
            watched.pause(LOOK_EVERY_S)
    cell.note("boots", boots)
    assert boots == cell.expected_boots, (
        f"The machine booted {boots} times, {cell.expected_boots} were expected."
    )
