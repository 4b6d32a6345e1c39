"""The default matrix's wall time, against the same cells one after another; and the harness's own share."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result
from harness.gate.artifact import read_gate
from harness.model.gate import Gate, Verdict


def measure() -> Iterator[Result]:
    candidate = subprocess.run(
        [sys.executable, "-m", "examples.reference_agent.build"], check=True, capture_output=True, text=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="bvt-bench-") as scratch:
        together_s, gate = _run(candidate, Path(scratch) / "together", "auto")
        alone_s, _ = _run(candidate, Path(scratch) / "alone", "1")
    cells = len(gate.cells)
    yield Result(
        "matrix_wall", round(together_s, 2), "one cell after another (-n 1)", round(alone_s, 2),
        round(alone_s / together_s, 2), f"{cells} cells, verdict {gate.verdict}",
    )  # fmt: skip
    own = [
        sum(timing.harness_s for timing in cell.report.timings)
        for cell in gate.cells
        if cell.report is not None
    ]
    yield Result(
        "harness_share", round(statistics.median(own), 3), "limit of 1 s a cell", 1.0,
        round(1.0 / max(statistics.median(own), 1e-6), 2), f"worst cell {max(own):.3f} s",
    )  # fmt: skip


def _run(candidate: str, out: Path, workers: str) -> tuple[float, Gate]:
    began = time.perf_counter()
    command = [
        "-m",
        "harness.cli",
        "run",
        candidate,
        "--profile",
        "reference",
        "-n",
        workers,
        "--out",
        str(out),
    ]
    subprocess.run([sys.executable, *command], check=False, stdout=subprocess.DEVNULL, timeout=1800)
    took_s = time.perf_counter() - began
    gate = read_gate(out)
    if gate.verdict is not Verdict.PASS:
        raise SystemExit(f"bench: the run ended {gate.verdict}, so its time means nothing; see {out}")
    return took_s, gate
