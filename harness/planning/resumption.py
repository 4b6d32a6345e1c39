"""Going on with a run that did not finish, and reproducing one of its cells."""

import json
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from harness.files import require_folder, require_no_pipes, sha256_of
from harness.machines.provider import Progress
from harness.machines.registry import load_provider
from harness.model.errors import ConfigurationError
from harness.model.matrix import Pool
from harness.model.plan import Cell, Plan
from harness.model.report import Attempt, CellReport, CheckResult, Outcome
from harness.planning.preparation import check_backend, checks_digest, make_ready
from harness.rundir import work_directory, work_times
from harness.rundir.attempts import earlier_attempts, keep_attempts
from harness.rundir.directory import STARTED_FILE, RunDirectory
from harness.rundir.settings import KeepPolicy, new_run_id
from harness.state import StateDirectory


def resume_run(root: Path, progress: Progress) -> RunDirectory:
    """Make a run directory ready to go on: cells that the lab lost or that never ended are set aside for a new try.

    Raises `ConfigurationError` if this is no run, or if candidate or checks are no longer those of its plan.
    """
    run = RunDirectory(root.absolute())
    settings, plan = run.settings(), run.plan()
    for place in (run.root, run.work, *(run.cell(cell.id) for cell in plan.cells)):
        require_folder(place)
        require_no_pipes(place)
    require_same(plan, root)
    check_backend(settings.backend)
    run = run.claimed()
    work_times.settle(run)
    work_directory.remember(StateDirectory.default(), run, settings.run_id)
    make_ready(run, plan, settings.profile, settings.pool, progress)  # before anything is moved
    for cell in plan.cells:
        if cell.id in settings.selected:
            _set_aside(run, cell)
    run.ended_early.unlink(
        missing_ok=True
    )  # what ended the run before ends it no longer; the next failure may
    work_times.begin(run)
    return run


def reproduce_cell(
    root: Path, cell_id: str, out: Path | None, progress: Progress, check: str | None = None
) -> tuple[RunDirectory, str]:
    """A new run of one cell of a finished run: same digests, same steps up to the check that failed there.

    `check`: a failed one that is not the first.

    Returns the new run's directory and that check's id. Raises `ConfigurationError` if the run has no such cell, if
    nothing failed in it, or if candidate, checks or image are no longer the same.
    """
    old = RunDirectory(root.absolute())
    settings, plan = old.settings(), old.plan()
    report, failed = _failure(old, cell_id, root, check)
    require_same(plan, root)
    check_backend(settings.backend)
    _require_same_image(settings.pool, report, root, progress)
    run_id = new_run_id()
    run = RunDirectory.create(out or root.absolute().parent / run_id)
    again = {
        "run_id": run_id,
        "began": datetime.now(UTC),
        "selected": (cell_id,),
        "keep": KeepPolicy.ALWAYS,
        "until": failed.check,
        "fail_fast": None,
        "keep_at_failure": False,
    }
    run.write(settings.model_copy(update=again), plan)
    work_directory.remember(StateDirectory.default(), run, run_id)
    make_ready(run, plan, settings.profile, settings.pool, progress)
    work_times.begin(run)
    return run, failed.check


def _failure(
    run: RunDirectory, cell_id: str, root: Path, check: str | None = None
) -> tuple[CellReport, CheckResult]:
    """The cell's report, and the first check that failed in it, or `check`.

    Raises `ConfigurationError` if there is none.
    """
    report = _report(run, cell_id)
    if report is None:
        known = ", ".join(cell for cell in run.settings().selected if run.sealed(cell)) or "none"
        raise ConfigurationError(
            f"the run has no report of cell {cell_id!r}; it has: {known}.", file=str(root), key="--cell"
        )
    failures = [result for result in report.checks if result.outcome is Outcome.FAILED]
    failed = next((result for result in failures if check in (None, result.check)), None)
    if failed is None and failures:
        raise ConfigurationError(
            f"check {check!r} did not fail in cell {cell_id!r}; these did:"
            f" {', '.join(each.check for each in failures)}.",
            file=str(root),
            key="--check",
        )
    if failed is None:
        raise ConfigurationError(
            f"no check failed in cell {cell_id!r}, so there is nothing to reproduce.", file=str(root)
        )
    return report, failed


def _require_same_image(pool: Pool, report: CellReport, root: Path, progress: Progress) -> None:
    image = load_provider(pool, StateDirectory.default()).prepare(report.image, progress)
    if image.digest != report.image_digest:
        raise ConfigurationError(
            f"image {report.image} is now {image.digest[:12]}, the cell ran on {report.image_digest[:12]}.",
            file=str(root),
            hint="Import the image of that digest again, or run the candidate anew.",
        )


def require_same(plan: Plan, root: Path) -> None:
    """Raise `ConfigurationError` unless candidate and checks are still what the plan was sealed over."""
    candidate = plan.candidate
    if not candidate.path.is_file() or sha256_of(candidate.path) != candidate.sha256:
        raise ConfigurationError(
            f"the candidate {candidate.path} is no longer the file with SHA-256 {candidate.sha256[:12]}….",
            file=str(root),
            hint="Put that file back, or start a new run.",
        )
    if checks_digest() != plan.checks_sha256:
        raise ConfigurationError(
            "the checks have changed since this run was planned.", file=str(root), hint="Start a new run."
        )


def _set_aside(run: RunDirectory, cell: Cell) -> None:
    """Keep what an unfinished or lost cell left, under `earlier-<n>/`, and its attempts on the record.

    A cell in which the candidate failed a check is finished: product failures are never tried again silently.
    """
    directory = run.cell(cell.id)
    if not directory.exists():
        return
    report = _report(run, cell.id)
    if report is None:
        before = earlier_attempts(directory)
        attempts = (*before, _unfinished(directory, len(before) + 1))
    elif _is_finished(report, cell):
        return
    else:
        attempts = report.attempts
    number = len(list(directory.glob("earlier-*/"))) + 1
    aside = directory / f"earlier-{number}"
    aside.mkdir()
    for path in sorted(directory.iterdir()):
        if not path.name.startswith("earlier-"):
            path.rename(aside / path.name)
    keep_attempts(directory, attempts)


def _is_finished(report: CellReport, cell: Cell) -> bool:
    outcomes = {check.outcome for check in report.checks}
    is_whole = {check.check for check in report.checks}.issuperset(cell.checks)
    return Outcome.FAILED in outcomes or (is_whole and Outcome.INFRA not in outcomes)


def _unfinished(directory: Path, number: int) -> Attempt:
    try:
        started = json.loads((directory / STARTED_FILE).read_text(encoding="utf-8"))
        began = datetime.fromisoformat(started["began"])
    except (OSError, ValueError, KeyError, TypeError):
        began = datetime.now(UTC)  # not there, or marked when pytest broke: it says no time
    return Attempt(
        number=number,
        machine_id="",
        began=began,
        ended=datetime.now(UTC),
        outcome=Outcome.INFRA,
        message="The run ended before this cell did.",
    )


def _report(run: RunDirectory, cell_id: str) -> CellReport | None:
    path = run.report(cell_id)
    try:
        return CellReport.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            "this report cannot be read.",
            file=str(path),
            hint="Start a new run; a damaged one is not gone on with.",
        ) from error
