"""Reads a run directory and publishes `gate.json`."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

import harness
from harness.documents.translate import first_mistake
from harness.files import named_file, write_atomically
from harness.gate.evidence import evidence_problem
from harness.gate.verdict import judge
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate, MergedRun
from harness.model.plan import CELLS, Plan, cell_of_folder
from harness.model.report import CellReport

GATE_FILE = "gate.json"
REPORT_FILE = "report.json"


@dataclass
class CellsOnDisk:
    """What `cells/` holds."""

    reports: list[CellReport] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each cell's `report.json`."""
    started: set[str] = field(default_factory=set)
    damaged: dict[str, str] = field(default_factory=dict)


def read_cells(run: Path) -> CellsOnDisk:
    """Read every cell's report and check its evidence. What cannot be believed is damaged, never left out."""
    found = CellsOnDisk()
    directories = sorted(entry for entry in (run / CELLS).glob("*") if entry.is_dir())
    for directory in directories:
        cell = cell_of_folder(directory.name)
        found.started.add(cell)
        path = directory / REPORT_FILE
        if not path.exists() and not path.is_symlink():
            continue
        try:
            raw = named_file(path).read_bytes()
            report = CellReport.model_validate_json(raw)
        except OSError as error:
            found.damaged[cell] = f"The report cannot be read: {error.strerror}."
            continue
        except ConfigurationError as error:
            found.damaged[cell] = f"The report cannot be read: {error.sentence}"
            continue
        except ValidationError as error:
            found.damaged[cell] = f"The report is damaged: {first_mistake(error, CellReport).sentence}"
            continue
        found.digests[cell] = hashlib.sha256(raw).hexdigest()
        problem = evidence_problem(directory, report)
        if report.cell_id != cell:
            found.damaged[cell] = f"The folder of this cell holds the report of {report.cell_id!r}."
        elif problem:
            found.damaged[cell] = problem
        else:
            found.reports.append(report)
    return found


def build_gate(
    run: Path,
    plan: Plan,
    run_id: str,
    *,
    duration_s: float,
    selected: Collection[str] | None = None,
    interrupted: bool = False,
    ended_early: str = "",
    created: datetime | None = None,
    merged: tuple[MergedRun, ...] = (),
) -> Gate:
    """Judge the run directory. `selected`: the cells that --cells chose; None means all.

    `ended_early`: the failed check that ended the run, in words. `merged`: the runs that this one was put together from.
    """
    cells = read_cells(run)
    judgement = judge(
        plan,
        run_id,
        cells.reports,
        started=cells.started,
        selected=selected,
        interrupted=interrupted,
        ended_early=ended_early,
        damaged=cells.damaged,
        merged=[part.run_id for part in merged],
    )
    return Gate(
        run_id=run_id,
        created=created or datetime.now(UTC),
        harness_version=harness.__version__,
        plan=plan,
        plan_digest=plan.digest,
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        cells=tuple(
            entry.model_copy(update={"report_sha256": cells.digests.get(entry.cell, "")})
            for entry in judgement.cells
        ),
        duration_s=duration_s,
        interrupted=interrupted,
        merged=merged,
    )


def publish(run: Path, gate: Gate) -> Path:
    """Write `gate.json`, whole or not at all; its path. Raises `OSError`."""
    return write_atomically(run / GATE_FILE, gate.model_dump_json(indent=1) + "\n")


def read_gate(path: Path) -> Gate:
    """Read a gate, or the one in a run directory. Raises `ConfigurationError` if it is none."""
    file = path / GATE_FILE if path.is_dir() else path
    if file != path and not file.exists():
        raise ConfigurationError("there is no such file.", file=str(file), hint="Was the run finished?")
    try:
        return Gate.model_validate_json(named_file(file).read_bytes())
    except OSError as error:
        raise ConfigurationError(f"the file cannot be read: {error.strerror}.", file=str(file)) from None
    except ValidationError as error:
        said = first_mistake(error, Gate).sentence
        raise ConfigurationError(f"this is no gate: {said}", file=str(file)) from None
