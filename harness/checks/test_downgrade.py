"""An older installer on a machine with the candidate: it refuses, or it takes the candidate's place, as declared."""

import time

from harness.backend.interface import BackendFeature
from harness.backend.seen import what_was_seen
from harness.cell.check import check
from harness.cell.declared import clean_downgrade, declares
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch, told
from harness.lifecycle.timeline import Timeline
from harness.model.release import Downgrade
from harness.model.report import Phase
from harness.model.version_text import same_version

PHASE = Phase.DOWNGRADE
DECLARED = declares("outcome of a downgrade (upgrade.downgrade)", lambda profile: profile.upgrade.downgrade)


@check("An older installer does what is declared", declared=DECLARED)
def test_exit_code(cell: CellSession, timeline: Timeline) -> None:
    result = timeline.installation
    cell.note("exit code", f"{result.exit_code} ({result.meaning.text})")
    if cell.profile.upgrade.downgrade is Downgrade.BLOCKED:
        assert not result.succeeded, mismatch(
            "an older installer refuses while the candidate is there", f"it ended with {result.meaning}"
        )
    else:
        assert result.succeeded, mismatch("an older installer succeeds", told(cell, result))


@check(
    "The older release alone is there again, runs, and is heard from",
    declared=clean_downgrade,
    backend=[BackendFeature.HEARTBEAT],
    requires=["downgrade.exit_code"],
)
def test_went_back(cell: CellSession, timeline: Timeline) -> None:
    """What a roll-back rests on (`harness.gate.ways_back`): that an installer said yes shows no host that works."""
    _ = timeline.installation
    release = timeline.on_machine
    shown = [
        entry.display_version or "none"
        for entry in timeline.inspection.entries
        if entry.display_name == cell.profile.product_name
    ]
    alone = len(shown) == 1 and same_version(shown[0], release.version)
    assert alone, mismatch(
        f"after the downgrade the product is there once, as version {release.version}",
        f"entries of version {listed(shown)}" if shown else "no entry of it",
    )
    for expected in cell.profile.services:
        if expected.running:
            with cell.recorder.stopwatch.waiting():
                up = timeline.service_comes_up(expected.name, expected.start_deadline_s)
            assert up, mismatch(
                f"service {expected.name} of version {release.version} runs",
                timeline.service_words(expected.name),
            )
    deadline = cell.patience(cell.profile.check_in.deadline_s)
    with cell.recorder.stopwatch.waiting():
        seen = cell.backend.wait_seen(cell.cell.id, deadline, after=time.time())
    assert seen is not None, mismatch(
        f"version {release.version} checks in within {deadline.length_s:g} s of the downgrade",
        f"it did not; {what_was_seen(cell.backend, cell.cell.id)}",
    )
