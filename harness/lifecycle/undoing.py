"""Takes away what a stimulus did. A file that the agent holds open cannot be deleted by anybody: that is a finding."""

from collections.abc import Sequence

from harness.cell.session import CellSession
from harness.model.deadline import Deadline
from harness.probe.reading import ProbeFailed, read_value

HELD = 32
"""ERROR_SHARING_VIOLATION: another program has it open, and does not let it be deleted."""
AGAIN_S = 2.0
"""How long an agent may hold a file open to look into it."""


def undo(session: CellSession, asked: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Ask for all of it; what could not be undone because a file is held open, not even a little later.

    Raises `ProbeFailed` for any other refusal, and what the guest layer raises.
    """
    held = _refused(session, asked)
    if held:
        with session.recorder.stopwatch.waiting():
            Deadline.after(AGAIN_S).pause(AGAIN_S)
        held = _refused(session, held)
    return held


def _refused(session: CellSession, asked: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    if not asked:
        return []
    held = []
    for command, answer in zip(asked, session.guest.batch(*asked, repeatable=True), strict=True):
        try:
            read_value(" ".join(command[:2]), object, answer)
        except ProbeFailed as failed:
            if failed.code != HELD:
                raise
            held.append(command)
    return held
