"""What an uninstall leaves to be cleaned up in the background is waited for, as long as the profile says."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from harness.cell.session import CellSession
from harness.lifecycle.baseline import look
from harness.lifecycle.folders_of_wine import empty_ones, left_by_wine
from harness.model.deadline import Deadline
from harness.residue.snapshot import Snapshot

LOOK_AGAIN_S = 0.5
"""Between two looks at what is still being cleaned up."""
LATER_S = 2.0
"""How long after the settle time what was gone is looked for once more."""


def settled(
    session: CellSession, before: Snapshot, properties: Callable[[], Mapping[str, str]]
) -> tuple[Snapshot, Deadline | None]:
    """Look until nothing new is left, at most for the profile's `settle_s`: the last look, and the deadline if any.

    `before`: the machine without the candidate. `properties`: what the MSI was installed with, for they may name folders
    that Wine leaves behind itself.
    """
    looked = look(session)
    settle_s = session.profile.settle_s
    if not settle_s:
        return looked, None
    deadline = session.within(settle_s)
    own, _ = left_by_wine(session, properties())
    with session.recorder.stopwatch.waiting():
        while _holds_something(session, before, looked, own) and not deadline.passed:
            deadline.pause(LOOK_AGAIN_S)
            looked = look(session)
    return looked, deadline


def outlast(session: CellSession, settle: Deadline | None) -> None:
    """Wait until the settle time and a little more have passed; not at all where the profile gives none."""
    if settle is not None:
        with session.recorder.stopwatch.waiting():
            settle.pause(settle.remaining_s)
            Deadline.after(LATER_S).pause(LATER_S)


def _holds_something(session: CellSession, before: Snapshot, looked: Snapshot, own: frozenset[str]) -> bool:
    """Whether anything is left that a clean-up could still take away. `own`: what Wine never does."""
    stays = frozenset(empty_ones(own & (looked.files - before.files), looked.files))
    return before.left_in(replace(looked, files=looked.files - stays), session.profile)
