"""`by: full-disk`: drive C: is full while the installer works."""

from harness.lifecycle.attempt import Attempt
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.under_way import run_to_its_end
from harness.model.steps import Step

FILL_S = 300
FILLER = "C:\\bvt\\filler.bin"
LEFT_BYTES = 1024 * 1024
SCRIPT = (
    "$free = (Get-PSDrive C).Free; "
    f"New-Item -ItemType Directory -Force C:\\bvt | Out-Null; fsutil file createnew {FILLER} ($free - {LEFT_BYTES})"
)


def hinder(timeline: Timeline, step: Step) -> Attempt:
    """Fill it up to a megabyte, let the installer fail, make room again. Windows only (`Capability.FULL_DISK`)."""
    assert step.work is not None
    guest = timeline.session.guest
    guest.run(["powershell", "-NoProfile", "-Command", SCRIPT], timeout_s=FILL_S)
    try:
        result = run_to_its_end(timeline, step)
    finally:
        guest.delete(FILLER)
    return Attempt(step.work, "the disk was full", result)
