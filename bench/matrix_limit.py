"""The default matrix's wall time against what its processor time alone would take on all processors.

`BENCH_BEFORE` names an older state of this repository (a revision of git): it is measured in the same run.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Result
from bench.run_rig import Run, reference_candidate, timed_run

CELL = ("--cells", "win11-24h2/fresh")
HERE = Path(__file__).parent.parent


def measure() -> Iterator[Result]:
    before = os.environ.get("BENCH_BEFORE")
    candidate = reference_candidate()
    with tempfile.TemporaryDirectory(prefix="bvt-bench-") as scratch:
        if before:
            with _checked_out(before, Path(scratch) / "before") as old:
                yield from _states(candidate, Path(scratch) / "old", f"_{before}", old)
        yield from _states(candidate, Path(scratch) / "new", "", None)


def _states(candidate: str, scratch: Path, suffix: str, checkout: Path | None) -> Iterator[Result]:
    timed_run(candidate, scratch / "first", *CELL, checkout=checkout)  # what is made once is made by now
    yield _limit(f"matrix_limit{suffix}", timed_run(candidate, scratch / "all", checkout=checkout))
    yield _limit(f"cell_limit{suffix}", timed_run(candidate, scratch / "one", *CELL, checkout=checkout))


def _limit(name: str, run: Run) -> Result:
    processors = os.cpu_count() or 1
    limit_s = run.processor_s / processors
    cells = [cell for cell in run.gate.cells if cell.report is not None]
    note = f"verdict {run.gate.verdict}, {run.processor_s / max(len(cells), 1):.1f} processor seconds a cell"
    return Result(
        name, round(run.wall_s, 1), f"{run.processor_s:.0f} processor seconds on {processors}", round(limit_s, 1),
        round(limit_s / run.wall_s, 2), note,
    )  # fmt: skip


@contextmanager
def _checked_out(revision: str, folder: Path) -> Iterator[Path]:
    git = ["git", "-C", str(HERE), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), revision], check=True, timeout=120)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True, timeout=120)
