"""Whole runs of the reference agent, timed: wall time, and what the machine's processors did meanwhile."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.gate.artifact import read_gate
from harness.model.gate import Gate

RUN_S = 1800
BUSY = ("user", "nice", "system", "irq", "softirq")


@dataclass(frozen=True)
class Run:
    """One run. `processor_s` is the whole machine's, so it means something on an idle machine only."""

    wall_s: float
    processor_s: float
    gate: Gate


def reference_candidate() -> str:
    """The reference agent's MSI, built if it is not there."""
    command = [sys.executable, "-m", "examples.reference_agent.build"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=RUN_S).stdout.strip()


def timed_run(candidate: str, out: Path, *arguments: str, checkout: Path | None = None) -> Run:
    """`bvt run` of the reference agent into `out`. `checkout`: another state of this project, with its own matrix."""
    command = [sys.executable, "-m", "harness.cli", "run", candidate, "--profile", "reference", *arguments]
    environment = dict(os.environ)
    if checkout is not None:
        environment["PYTHONPATH"] = str(checkout)  # comes before the installed project
    began, busy = time.perf_counter(), _busy_s()
    subprocess.run(
        [*command, "--out", str(out)],
        check=False,
        stdout=subprocess.DEVNULL,
        timeout=RUN_S,
        env=environment,
        cwd=checkout,
    )
    wall_s, processor_s = time.perf_counter() - began, _busy_s() - busy
    return Run(wall_s, processor_s, read_gate(out))


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(getattr(times, name, 0.0) for name in BUSY))
