"""Removes whatever an intent names, whoever left it behind: processes, mounts, directories, sockets."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness.machines.intent import Intent, Owner
from harness.machines.wine.clone import remove_tree
from harness.machines.wine.processes import end_all
from harness.model.errors import InfrastructureError

END_DEADLINE_S = 20.0


def remove_all(intent: Intent) -> Sequence[str]:
    """Remove everything that still exists; says what was removed. Idempotent.

    Raises `InfrastructureError` if a process or a directory cannot be removed.
    """
    removed: list[str] = []
    resources = intent.resources
    if (supervisor := resources.get("supervisor")) is not None:
        owner = Owner.model_validate(supervisor)
        if owner.alive:
            with suppress(ProcessLookupError):
                os.kill(owner.pid, signal.SIGKILL)
            removed.append(f"supervisor process {owner.pid}")
    directory = Path(resources["directory"]) if "directory" in resources else None
    if "prefix" in resources:
        try:
            ended = end_all(Path(resources["prefix"]), within_s=END_DEADLINE_S)
        except TimeoutError as error:
            raise InfrastructureError(f"Machine {intent.machine_id} cannot be removed: {error}.") from error
        if ended:
            removed.append(f"{len(ended)} processes of {intent.machine_id}")
    if (sockets := resources.get("server_directory")) and Path(sockets).exists():
        remove_tree(Path(sockets))
        removed.append(f"socket directory {sockets}")
    if directory is not None and directory.exists():
        _require_no_mounts(directory)
        try:
            _remove_when_released(directory)
        except OSError as error:
            raise InfrastructureError(f"Directory {directory} cannot be removed: {error}.") from error
        removed.append(f"directory {directory}")
    return removed


def _require_no_mounts(directory: Path) -> None:
    """A machine mounts in its own namespace only; removing through a host mount would hit other files."""
    with Path("/proc/self/mounts").open() as mounts:
        points = [line.split(" ")[1].encode().decode("unicode_escape") for line in mounts]
    below = [point for point in points if Path(point).is_relative_to(directory)]
    if below:
        raise InfrastructureError(
            f"{', '.join(below)} is mounted in {directory}, which no machine does.",
            hint="Unmount it, then run bvt clean.",
        )


def _remove_when_released(directory: Path) -> None:
    """The overlay goes with its namespace, which the kernel may release a moment after the last process."""
    deadline = time.monotonic() + 5.0
    while True:
        try:
            remove_tree(directory)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
