"""`bvt clean`: removes what killed runs left behind, and what nothing needs any more."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.cell import kept_backend
from harness.cli.ending import ends
from harness.cli.options import MatrixOption
from harness.config.load import find_matrix, load_matrix
from harness.machines import cleaning
from harness.machines.cleaning import MACHINE, Cleaned, Outcome
from harness.machines.kept import list_kept
from harness.machines.provider import KeptMachine
from harness.model.errors import ConfigurationError
from harness.model.gate import EXIT_CODES, Verdict
from harness.model.matrix import Pool
from harness.model.plural import plural
from harness.rundir import work_directory
from harness.state import StateDirectory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("clean")(ends(clean))


def clean(
    kept: Annotated[bool, typer.Option("--kept", help="Also machines that were kept on purpose.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also machines of runs that are still going on.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
    matrix: MatrixOption = None,
) -> int:
    """Remove what ended runs left behind: machines, work directories, and templates that nothing needs.

    Nothing else is touched: results stay.

    Exit 4 if something cannot be removed, else 0.
    """
    state = StateDirectory.default()
    done = unneeded(state, live=everything, kept=kept, pools=_pools(matrix), dry_run=dry_run)
    for item in done:
        typer.echo(item.model_dump_json() if json else in_words(item))
    if not json:
        typer.echo(_summary(done) + ("" if kept else kept_words(list_kept(state))))
    failed = any(item.outcome is Outcome.NOT_REMOVED for item in done)
    return EXIT_CODES[Verdict.INFRA] if failed else 0


def unneeded(
    state: StateDirectory,
    *,
    pools: Iterable[Pool],
    live: bool = False,
    kept: bool = False,
    dry_run: bool = False,
) -> list[Cleaned]:
    """Everything that nobody needs, and what became of it: machines, backends, work directories, templates.

    The parameters are those of `cleaning.clean`.
    """
    done = cleaning.clean(state, live=live, kept=kept, pools=pools, dry_run=dry_run)
    gone = {item.name for item in done if item.kind == MACHINE and item.outcome is Outcome.FOUND}
    done += kept_backend.clean(state, gone, dry_run=dry_run)
    done += work_directory.clean(state, gone, dry_run=dry_run)
    return done


def _pools(matrix: Path | None) -> Sequence[Pool]:
    """The pools of the matrix, whose storage may be a place of its own; none without a matrix."""
    if matrix is None:
        try:
            matrix = find_matrix()
        except ConfigurationError:
            return ()
    return tuple(load_matrix(matrix)[0].pools.values())


def in_words(item: Cleaned) -> str:
    """One line: what it is, what became of it, and why nobody needs it."""
    name = item.name if item.kind == MACHINE else f"{item.kind} {item.name}"
    if item.cell_id:
        name += f" ({item.cell_id} of run {item.run_id})"
    size = f", {item.size / 1024**2:.0f} MiB" if item.size >= 1024**2 else ""
    match item.outcome:
        case Outcome.FOUND:
            return f"{name}: would be removed: {item.reason}{size}"
        case Outcome.REMOVED:
            return f"{name}: removed {', '.join(item.removed)}" if item.removed else f"{name}: removed{size}"
        case Outcome.ABSENT:
            return f"{name}: nothing was left"
        case Outcome.NEEDED:
            return f"{name}: stays: something uses it now, or another process is changing it"
        case Outcome.NOT_REMOVED:
            return f"{name}: not removed: {item.error}"


def kept_words(machines: Sequence[KeptMachine]) -> str:
    """That machines stay because somebody wanted to keep them; empty if there is none."""
    if not machines:
        return ""
    cells = ", ".join(sorted({machine.cell_id for machine in machines}))
    return f"; {plural(len(machines), 'kept machine')} ({cells}) would go with --kept"


def _summary(done: Sequence[Cleaned]) -> str:
    if not done:
        return "nothing to clean"
    counted = {outcome: sum(item.outcome is outcome for item in done) for outcome in Outcome}
    left = f", {counted[Outcome.NOT_REMOVED]} not removed" if counted[Outcome.NOT_REMOVED] else ""
    if counted[Outcome.FOUND]:
        return f"{counted[Outcome.FOUND]} would be removed{left}"
    return f"{counted[Outcome.REMOVED]} removed{left}"
