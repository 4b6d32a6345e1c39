"""A Wine machine from clone to first reply, against a fresh prefix made by wineboot."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result, result, seconds
from bench.rig import wine_rig
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.provider import MachineProvider
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec

RUNS = 3


def measure() -> Iterator[Result]:
    with wine_rig() as (provider, spec), tempfile.TemporaryDirectory() as scratch:
        ours, theirs = [], []
        for run in range(RUNS):
            ours.append(_clone_to_reply(provider, spec, Path(scratch)))
            theirs.append(seconds(lambda run=run: _wineboot(Path(scratch) / f"prefix-{run}")))  # type: ignore[misc]
        yield result(
            "machine_ready", ours, "wineboot -i", theirs, "clone, boot, WinRM server, first command's reply"
        )


def _clone_to_reply(provider: MachineProvider, spec: MachineSpec, scratch: Path) -> float:
    machine = None

    def ready() -> None:
        nonlocal machine
        machine = provider.create(spec, Deadline.after(60))
        with Transcript(scratch / "t.jsonl", cell="bench", machine="bench") as transcript:
            guest = Guest(machine.winrm, transcript, media_root=machine.media_root)
            assert guest.run("ver", shell=True).ok
            guest.close()

    try:
        return seconds(ready)
    finally:
        if machine is not None:
            machine.destroy()


def _wineboot(prefix: Path) -> None:
    environment = os.environ | {
        "WINEPREFIX": str(prefix),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
    }
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["wineboot", "-i"], env=environment, check=True, timeout=300, **quiet)  # type: ignore[call-overload]
    subprocess.run(["wine64", "cmd", "/c", "ver"], env=environment, check=True, timeout=60, **quiet)  # type: ignore[call-overload]
    subprocess.run(["wineserver", "-k"], env=environment, check=False, timeout=60, **quiet)  # type: ignore[call-overload]
