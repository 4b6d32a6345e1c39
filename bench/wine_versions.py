"""Wine machines on the image's own Wine, against the same on the Wine that the host has installed."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from bench.measure import Result, result
from bench.rig import wine_rig
from bench.run_rig import reference_candidate, timed_run
from harness.config.load import find_matrix
from harness.machines.wine.installation import find_wine
from harness.model.deadline import Deadline

RUNS = 5
PEER = "wine: host"


def measure() -> Iterator[Result]:
    ready: dict[str, list[float]] = {"image": [], "host": []}
    for _ in range(RUNS):
        for wine, times in ready.items():
            with wine_rig(wine) as (provider, spec):
                began = time.perf_counter()
                machine = provider.create(spec, Deadline.after(60))
                times.append(time.perf_counter() - began)
                machine.destroy()
    note = f"host: {find_wine().version}"
    yield result("wine_versions_ready", ready["image"], PEER, ready["host"], note)
    candidate = reference_candidate()
    with tempfile.TemporaryDirectory(prefix="bvt-bench-") as scratch:
        runs = {
            wine: timed_run(candidate, Path(scratch) / wine, *_with(wine, Path(scratch)), "--suite", "smoke")
            for wine in ready
        }
    new, old = runs["image"], runs["host"]
    yield Result(
        "wine_versions_smoke", round(new.wall_s, 1), PEER, round(old.wall_s, 1),
        round(old.wall_s / new.wall_s, 2), f"verdicts {new.gate.verdict} and {old.gate.verdict}",
    )  # fmt: skip


def _with(wine: str, scratch: Path) -> tuple[str, str]:
    """The shipped matrix with this Wine in its pool `embedded`."""
    matrix = yaml.safe_load(find_matrix().read_text())
    matrix["pools"]["embedded"]["options"] = {"wine": wine}
    path = scratch / f"matrix-{wine}.yaml"
    path.write_text(yaml.safe_dump(matrix, sort_keys=False))
    return "--matrix", str(path)
