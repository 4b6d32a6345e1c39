"""What a machine that will not answer any more still holds on its disk, read without starting it."""

from pathlib import Path, PurePosixPath, PureWindowsPath

from harness.machines.provider import HasDisk, Machine, StoppedDisk
from harness.model.errors import HarnessError
from harness.model.machine import MachineState
from harness.model.profile import AgentProfile
from harness.offline.collect import WINDOWS_PATHS, collect
from harness.offline.disk import open_disk

ENDED = frozenset({MachineState.CRASHED, MachineState.STOPPED, MachineState.GONE})


def examine(machine: Machine, profile: AgentProfile, into: Path) -> None:
    """Save the agent's logs and the system's dumps from a dead machine's disk into `into`.

    Does nothing for a machine without a disk, or one that still runs: its disk is not at rest. What cannot be read is
    noted beside the files; the verdict never depends on it.
    """
    if not isinstance(machine, HasDisk) or machine.condition().state not in ENDED:
        return
    into.mkdir(parents=True, exist_ok=True)
    place = machine.disk()
    patterns = [on_disk(path, place) for path in (*profile.logs, *WINDOWS_PATHS)]
    try:
        with open_disk(place.path, shared=True) as disk:
            collect(disk, patterns, into)
    except HarnessError as error:
        (into / "offline-disk.txt").write_text(f"{error}\n", encoding="utf-8")


def on_disk(path: str, place: StoppedDisk) -> str:
    r"""A guest path as the disk knows it: itself on a Windows disk, below `drive_c` where C: is a folder."""
    if not place.drive_c:
        return path
    return str(PurePosixPath(place.drive_c, *PureWindowsPath(path).parts[1:]))
