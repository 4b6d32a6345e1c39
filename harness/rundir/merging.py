"""Puts runs of one plan together, cell by cell: shards of a matrix that ran on several machines."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.files import sha256_of, write_atomically
from harness.gate.artifact import (
    GATE_FILE,
    REPORT_FILE,
    CellsOnDisk,
    build_gate,
    publish,
    read_cells,
    read_gate,
)
from harness.gate.merging import Shard, merged_cell
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate, MergedRun
from harness.model.plan import Plan
from harness.model.report import Attempt
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import RunSettings, new_run_id


@dataclass(frozen=True)
class Part:
    """A run that goes into the merged one."""

    run: RunDirectory
    settings: RunSettings
    plan: Plan
    gate: Gate
    cells: CellsOnDisk

    @classmethod
    def read(cls, root: Path) -> "Part":
        """Raises `ConfigurationError` if this is no finished run, or if its evidence is damaged."""
        run = RunDirectory(root.absolute())
        part = cls(run, run.settings(), run.plan(), read_gate(root), read_cells(root))
        for cell, problem in sorted(part.cells.damaged.items()):
            raise ConfigurationError(f"cell {cell}: {problem}", file=str(root), hint="Leave this run out.")
        return part


def merge_runs(roots: Sequence[Path], out: Path) -> Gate:
    """Write the merged run to `out`, judge it and publish its gate.

    Raises `ConfigurationError` if the runs are not of one plan, or if a cell has a result in more than one; then nothing
    is written. Raises `OSError`.
    """
    parts = [Part.read(root) for root in roots]
    first = parts[0]
    _require_one_plan(parts)
    chosen = {cell.id: _chosen(cell.id, parts) for cell in first.plan.cells}
    run = RunDirectory.create(out)
    try:
        return _written(run, parts, {cell: found for cell, found in chosen.items() if found})
    except BaseException:
        run.discard(everything=True)
        raise


def _require_one_plan(parts: Sequence[Part]) -> None:
    first, digest = parts[0], parts[0].plan.digest
    for part in parts[1:]:
        if part.plan.digest != digest:
            raise ConfigurationError(
                f"this run is of another plan than {first.run.root}: another candidate, profile, matrix or suite.",
                file=str(part.run.root),
            )
    ids = [part.settings.run_id for part in parts]
    for run_id in sorted({each for each in ids if ids.count(each) > 1}):
        raise ConfigurationError(f"run {run_id} is named twice.")


def _chosen(cell: str, parts: Sequence[Part]) -> tuple[Part, tuple[Attempt, ...]] | None:
    """From which part a cell is taken, with every attempt at it; no attempts where nobody sealed a report."""
    by_run = {part.settings.run_id: part for part in parts}
    shards = [
        Shard(part.settings.run_id, part.cells.digests[cell], report)
        for part in parts
        for report in part.cells.reports
        if report.cell_id == cell
    ]
    if shards:
        shard, attempts = merged_cell(cell, shards)
        return by_run[shard.run_id], attempts
    begun = next((part for part in parts if cell in part.cells.started), None)
    return (begun, ()) if begun else None


def _written(
    run: RunDirectory, parts: Sequence[Part], chosen: dict[str, tuple[Part, tuple[Attempt, ...]]]
) -> Gate:
    first = parts[0]
    for cell, (part, attempts) in chosen.items():
        shutil.copytree(part.run.cell(cell), run.cell(cell), symlinks=True, copy_function=_linked_or_copied)
        report = next((each for each in part.cells.reports if each.cell_id == cell), None)
        if report is not None and report.attempts != attempts:
            (run.cell(cell) / REPORT_FILE).unlink()  # a link to the part's own, which must not change
            again = report.model_copy(update={"attempts": attempts})
            write_atomically(run.cell(cell) / REPORT_FILE, again.model_dump_json(indent=1))
    own = tuple(
        MergedRun(
            run_id=part.settings.run_id,
            gate_sha256=sha256_of(part.run.root / GATE_FILE),
            cells=tuple(cell for cell, (source, _) in chosen.items() if source is part),
        )
        for part in parts
    )
    merged = tuple(dict.fromkeys([*own, *(each for part in parts for each in part.settings.merged)]))
    settings = first.settings.model_copy(
        update={
            "merged": merged,
            "run_id": new_run_id(),
            "began": min(part.settings.began for part in parts),
            "selected": tuple(dict.fromkeys(cell for part in parts for cell in part.settings.selected)),
        }
    )
    run.write(settings, first.plan)
    gate = build_gate(
        run.root,
        first.plan,
        settings.run_id,
        duration_s=sum(part.gate.duration_s for part in parts),
        selected=settings.selected,
        merged=merged,
    )
    publish(run.root, gate)
    run.discard(everything=False)
    return gate


def _linked_or_copied(source: str, target: str) -> str:
    """Evidence may be gigabytes and never changes: a second name where the file system can give one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
