"""`bvt repro`: the same machine, the same steps up to the check that failed; then it is yours."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import completion
from harness.cli.carrying_out import carry_out
from harness.cli.ending import ends
from harness.cli.output import Output
from harness.cli.run import end_tidily
from harness.machines.kept import list_kept
from harness.model.errors import InfrastructureError
from harness.planning.resumption import reproduce_cell
from harness.plugin.interpreter import require_assertions
from harness.rundir import work_directory, work_times
from harness.state import StateDirectory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("repro")(ends(repro))


def repro(
    run: Annotated[Path, typer.Argument(help="Run directory of the failed run.", show_default=False)],
    cell: Annotated[
        str,
        typer.Option(
            "--cell", help="Cell to reproduce.", show_default=False, autocompletion=completion.cells_of_run
        ),
    ],
    check: Annotated[
        str | None,
        typer.Option("--check", help="Failed check to stop before.", show_default="the first that failed"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run directory of the reproduction.")] = None,
) -> int:
    """Repeat a failed cell up to the check that failed, then give you the machine.

    Candidate, checks and image must have the digests of the failed run; otherwise nothing is started. Ends with 4 if
    the lab lost the machine on the way.
    """
    require_assertions()
    end_tidily()
    console = Output(soft_wrap=True, spare=True)
    directory, stop = reproduce_cell(run, cell, out, lambda line: console.print(line, style="dim"), check)
    console.print(f"{cell}: repeating every step before {stop}")
    carry_out(directory, "1", console)
    run_id, state = directory.settings().run_id, StateDirectory.default()
    work_times.end(directory)
    work_directory.release(state, directory, run_id)
    if not any(machine.run_id == run_id for machine in list_kept(state)):
        raise InfrastructureError(
            f"no machine of {cell} is left: the lab lost it before {stop}.",
            hint=f"What happened is in {directory.root}.",
        )
    console.print(f"stopped before {stop}; the machine is ready: bvt shell {cell}", markup=False)
    console.print("remove it with: bvt clean --kept")
    return 0
