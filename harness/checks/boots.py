"""What several phases ask of the machine itself: that it boots when it is asked to, and only then."""

from typing import Literal

from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.guest.msi.result import MsiResult
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline

LOOK_EVERY_S = 0.2


def assert_boots(cell: CellSession, *, watched_s: float = 0.0) -> None:
    """The machine booted as often as it was asked to, and does not boot once more within `watched_s` seconds."""
    watched = Deadline.after(watched_s)
    with cell.recorder.stopwatch.waiting():
        while (boots := cell.machine.condition().boots) == cell.expected_boots and not watched.passed:
            watched.pause(LOOK_EVERY_S)
    cell.note("boots", boots)
    assert boots == cell.expected_boots, mismatch(
        f"{cell.expected_boots} boots of the machine, as many as were asked for", f"it booted {boots} times"
    )


def assert_reboot_declared(
    cell: CellSession, timeline: Timeline, when: Literal["install", "uninstall"], result: MsiResult
) -> None:
    """What ended with 3010 may do so by the profile, and the reboot that it asks for was made."""
    declared = cell.profile.installer.reboot_after.get(when)
    what = f"The {when}er"
    if declared and not result.reboot_needed:
        cell.excuse(f"{what} asked for no reboot", f"not needed this time; declared: {declared}")
        return
    boot = timeline.boot_after.get(when)
    if declared and boot is not None:
        cell.excuse(f"{what} ended with {result.exit_code}, and the reboot was made", declared)
        return
    assert not result.reboot_needed, mismatch(
        f"the {when}er ends without asking for a reboot",
        f"it ended with {result.exit_code}: a reboot is needed to finish",
    )
