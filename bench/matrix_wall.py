"""The default matrix's wall time, against the same cells one after another; and the harness's own share."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result
from bench.run_rig import Run, reference_candidate, timed_run
from harness.model.gate import Verdict


def measure() -> Iterator[Result]:
    candidate = reference_candidate()
    with tempfile.TemporaryDirectory(prefix="bvt-bench-") as scratch:
        together = _passed(timed_run(candidate, Path(scratch) / "together"), "together")
        alone = _passed(timed_run(candidate, Path(scratch) / "alone", "-n", "1"), "one after another")
    gate = together.gate
    yield Result(
        "matrix_wall", round(together.wall_s, 2), "one cell after another (-n 1)", round(alone.wall_s, 2),
        round(alone.wall_s / together.wall_s, 2), f"{len(gate.cells)} cells, verdict {gate.verdict}",
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


def _passed(run: Run, which: str) -> Run:
    if run.gate.verdict is not Verdict.PASS:
        raise SystemExit(f"bench: the run {which} ended {run.gate.verdict}, so its time means nothing")
    return run
