"""`bvt transcript`: what was asked of a cell's guest, and what came of it, read to a person."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.output import Output
from harness.gate.artifact import REPORT_FILE
from harness.model.errors import ConfigurationError
from harness.model.plan import CELLS, cell_folder, cell_of_folder
from harness.model.report import CellReport
from harness.reports.transcript import part, read_entries, transcript_text
from harness.rundir.directory import RUN_FILE

FILE = "transcript.jsonl"
REPORTS = Path("reports")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("transcript")(ends(transcript))


def transcript(
    cell: Annotated[str, typer.Argument(help="Cell of the run.", show_default=False)],
    check: Annotated[str | None, typer.Option("--check", help="Only what this check asked.")] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="Run directory.", show_default="the latest under reports/")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Outputs as a whole, not their first lines.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="The entries as they are: one JSON object per line.")
    ] = False,
) -> int:
    """Show every command that ran in the guest of CELL: time, command, exit code, output."""
    root = latest(REPORTS) if run is None else run
    folder = _folder(root, cell)
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f"cell {cell} has no transcript: no machine was made for it.", file=str(root)
        ) from None
    lines = text.splitlines(keepends=True)
    entries = read_entries(text)
    if check is not None:
        entries = part(entries, _lines_of(folder, cell, check))
    output = Output(soft_wrap=True)
    raw = "".join(lines[entry.number - 1] for entry in entries) if json else ""
    shown = raw or transcript_text(entries, full=full)
    output.print(shown, end="", markup=False, highlight=False)
    return 0


def latest(reports: Path) -> Path:
    """The run that was begun last. Raises `ConfigurationError` if there is none."""
    runs = [path.parent for path in reports.glob(f"*/{RUN_FILE}")]
    if not runs:
        raise ConfigurationError("there is no run here.", file=str(reports), hint="Name one with --run.")
    return max(runs, key=lambda path: (path / RUN_FILE).stat().st_mtime)


def _folder(root: Path, cell: str) -> Path:
    if not (root / RUN_FILE).is_file():
        raise ConfigurationError(f"there is no {RUN_FILE} here, so this is no run directory.", file=str(root))
    folder = root / CELLS / cell_folder(cell)
    if not folder.is_dir():
        known = ", ".join(sorted(cell_of_folder(path.name) for path in (root / CELLS).glob("*/"))) or "none"
        raise ConfigurationError(f"the run has no cell {cell!r} that began; it has: {known}.", file=str(root))
    return folder


def _lines_of(folder: Path, cell: str, check: str) -> tuple[int, int]:
    """Which lines a check wrote. Raises `ConfigurationError` where the report does not tell."""
    try:
        report = CellReport.model_validate_json((folder / REPORT_FILE).read_bytes())
    except (OSError, ValueError):
        raise ConfigurationError(
            f"cell {cell} has no report that says which check asked what.",
            file=str(folder),
            hint="Leave out --check.",
        ) from None
    for result in report.checks:
        if result.check == check:
            if result.transcript is None:
                raise ConfigurationError(
                    f"check {check} gave the guest no command: it looked at what was asked before, or did not run.",
                    file=str(folder),
                    hint="Leave out --check.",
                )
            return result.transcript
    known = ", ".join(result.check for result in report.checks if result.transcript is not None)
    raise ConfigurationError(
        f"cell {cell} has no check {check!r}; these gave commands: {known}.", file=str(folder), key="--check"
    )
