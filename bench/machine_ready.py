"""A Wine machine from clone to first reply, against a fresh prefix made by wineboot."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import Result, result
from bench.rig import wine_rig
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.provider import MachineProvider
from harness.machines.wine.installation import find_wine
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec

RUNS = 7
SETTLE_S = 0.3
"""Lets what ends with a machine end, so that it does not disturb the next one."""


def measure() -> Iterator[Result]:
    first, ours, theirs = Times(), Times(), Times()
    with tempfile.TemporaryDirectory() as scratch:
        for run in range(RUNS):
            with wine_rig() as (provider, spec):
                _clone(provider, spec, Path(scratch), first)
                time.sleep(SETTLE_S)
                _clone(provider, spec, Path(scratch), ours)
            time.sleep(SETTLE_S)
            _wineboot(Path(scratch) / f"prefix-{run}", theirs)
    yield result(
        "machine_ready", ours.ready, "wineboot -i", theirs.ready, "clone, Wine's boot, WinRM's first reply"
    )
    yield result(
        "machine_ready_first", first.ready, "wineboot -i", theirs.ready,
        "the same of a provider's very first machine, which no berth was kept ready for",
    )  # fmt: skip
    yield result(
        "machine_first_command", ours.command, "wineboot -i", theirs.command,
        "the same to the answer of `cmd /c ver`; ours logs in and opens a shell for it",
    )  # fmt: skip


@dataclass
class Times:
    """Seconds from nothing until ready, and until the first command's answer."""

    ready: list[float] = field(default_factory=list)
    command: list[float] = field(default_factory=list)


def _clone(provider: MachineProvider, spec: MachineSpec, scratch: Path, times: Times) -> None:
    began = time.perf_counter()
    machine = provider.create(spec, Deadline.after(60))  # returns when WinRM has answered
    try:
        times.ready.append(time.perf_counter() - began)
        with Transcript(scratch / "t.jsonl", cell="bench", machine="bench") as transcript:
            guest = Guest(machine.winrm, transcript, media_root=machine.media_root)
            assert guest.run("ver", shell=True).ok
            times.command.append(time.perf_counter() - began)
            guest.close()
    finally:
        machine.destroy()


def _wineboot(prefix: Path, times: Times) -> None:
    environment = os.environ | {
        "WINEPREFIX": str(prefix),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
    }
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    began = time.perf_counter()
    subprocess.run(["wineboot", "-i"], env=environment, check=True, timeout=300, **quiet)  # type: ignore[call-overload]
    times.ready.append(time.perf_counter() - began)
    loader = str(find_wine().loader)  # Debian has no `wine64` on the path
    subprocess.run([loader, "cmd", "/c", "ver"], env=environment, check=True, timeout=60, **quiet)  # type: ignore[call-overload]
    times.command.append(time.perf_counter() - began)
    subprocess.run(["wineserver", "-k"], env=environment, check=False, timeout=60, **quiet)  # type: ignore[call-overload]
