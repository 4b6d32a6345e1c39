"""What a machine that will not answer any more still holds: on its disk, or by its guest agent."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from harness.machines.capabilities import HasDisk, HasSecondChannel, StoppedDisk
from harness.machines.provider import Machine
from harness.model.errors import HarnessError
from harness.model.machine import MachineState
from harness.model.profile import AgentProfile
from harness.model.report import Evidence
from harness.offline.collect import WINDOWS_PATHS, collect
from harness.offline.disk import open_disk

ENDED = frozenset({MachineState.CRASHED, MachineState.STOPPED, MachineState.GONE})
SECOND_CHANNEL, LOGS = "second-channel", "logs"
"""Beside the disk's folder: files that the guest agent read, and those that came over WinRM."""


def examine(machine: Machine, profile: AgentProfile, into: Path) -> tuple[Path, Sequence[Evidence]]:
    """Save the agent's logs, and from a dead machine's disk (into `into`) the system's dumps too.

    Of a machine that still runs the disk is not at rest; if its second channel lives, the logs come that way, into a
    folder beside `into`, unless they are there already. What cannot be read is noted beside the files; the verdict never
    depends on it. Returns the folder in which files were saved, and what they are.
    """
    condition = machine.condition()
    if condition.state in ENDED:
        return into, _examine_disk(machine.disk(), profile, into) if isinstance(machine, HasDisk) else ()
    wanted = condition.guest_alive and profile.logs and not _has_files(into.with_name(LOGS))
    if wanted and isinstance(machine, HasSecondChannel):
        channel = into.with_name(SECOND_CHANNEL)
        return channel, machine.save_guest_files(profile.logs, channel)
    return into, ()


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _examine_disk(place: StoppedDisk, profile: AgentProfile, into: Path) -> Sequence[Evidence]:
    into.mkdir(parents=True, exist_ok=True)
    patterns = [on_disk(path, place) for path in (*profile.logs, *WINDOWS_PATHS)]
    try:
        with open_disk(place.path, shared=True) as disk:
            return collect(disk, patterns, into)
    except HarnessError as error:
        (into / "offline-disk.txt").write_text(f"{error}\n", encoding="utf-8")
        return ()


def on_disk(path: str, place: StoppedDisk) -> str:
    r"""A guest path as the disk knows it: itself on a Windows disk, below `drive_c` where C: is a folder."""
    if not place.drive_c:
        return path
    return str(PurePosixPath(place.drive_c, *PureWindowsPath(path).parts[1:]))
