"""An installer that cannot come to its end: it says so, and what was there before works on."""

import time

from harness.backend.interface import BackendFeature
from harness.backend.seen import what_was_seen
from harness.cell.check import NotApplicable, check
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase
from harness.model.substrate import Capability
from harness.model.version_text import same_version

PHASE = Phase.HINDERED


@check("An installer that is hindered says that it failed")
def test_exit_code(cell: CellSession, timeline: Timeline) -> None:
    attempt = timeline.attempted
    if attempt is None or attempt.result is None:
        raise NotApplicable("it was ended from outside, and had no time to say anything")
    result = attempt.result
    cell.note("exit code", f"{result.exit_code} ({result.meaning.text})")
    assert not result.succeeded, mismatch(
        f"the {attempt.work}er fails, because {attempt.how}", f"it ended with {result.meaning}"
    )


@check(
    "After a failed upgrade the earlier release works on without help",
    needs=[Capability.MSI_ROLLBACK_RESTORES],
    backend=[BackendFeature.HEARTBEAT],
)
def test_old_release(cell: CellSession, timeline: Timeline) -> None:
    attempt, earlier = timeline.attempted, timeline.arrival.earlier
    if attempt is None or earlier is None:
        raise NotApplicable("no earlier release was there that could work on")
    name = f"{earlier.name} {earlier.release.version}"
    for expected in cell.profile.services:
        up = timeline.service_comes_up(expected.name, expected.start_deadline_s) or not expected.running
        assert up, mismatch(
            f"service {expected.name} of {name} runs after the failed upgrade",
            timeline.service_words(expected.name),
        )
    shown = {
        entry.display_version
        for entry in cell.guest.uninstall_entries()
        if entry.display_name == cell.profile.product_name
    }
    assert len(shown) == 1, mismatch(
        f"one entry, of {name}", f"entries of {sorted(map(str, shown)) or 'none'}"
    )
    assert same_version(str(next(iter(shown))), earlier.release.version), mismatch(
        f"the entry shows {earlier.release.version}", f"it shows {next(iter(shown))}"
    )
    deadline = cell.patience(cell.profile.check_in.deadline_s)
    with cell.recorder.stopwatch.waiting():
        seen = cell.backend.wait_seen(cell.cell.id, deadline, after=time.time())
    assert seen is not None, mismatch(
        f"{name} is heard within {deadline.length_s:g} s of the failed upgrade",
        f"it is not; {what_was_seen(cell.backend, cell.cell.id)}",
    )
