"""Whether the agent is heard from again as the endpoint that it was."""

import time

from harness.backend.interface import Endpoint
from harness.backend.seen import what_was_seen
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch


def seen_again(cell: CellSession, before: Endpoint, since: str) -> Endpoint:
    """The agent as it checks in from now on, within the profile's deadline. Fails if it does not, or is another.

    `since`: what was done to it, in words, such as `the repair`.
    """
    deadline = cell.patience(cell.profile.check_in.deadline_s)
    with cell.recorder.stopwatch.waiting():
        seen = cell.backend.wait_seen(cell.cell.id, deadline, after=time.time())
    assert seen is not None, mismatch(
        f"the agent checks in within {deadline.length_s:g} s of {since}",
        f"it did not; {what_was_seen(cell.backend, cell.cell.id)}",
    )
    assert seen.host_identifier == before.host_identifier, mismatch(
        f"after {since} the agent is still {before.host_identifier!r}", f"it is {seen.host_identifier!r}"
    )
    return seen
