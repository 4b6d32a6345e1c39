"""`bvt shell`: a command line in the guest of a kept machine."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from harness.cli.ending import ends
from harness.cli.output import Output
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.kept import list_kept, load
from harness.model.errors import HarnessError
from harness.state import StateDirectory

TIMEOUT_S = 300.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("shell")(ends(shell))


def shell(
    cell: Annotated[
        str | None, typer.Argument(help="Cell or machine id; without it the kept machines are listed.")
    ] = None,
    command: Annotated[
        str | None, typer.Option("--command", "-C", help="Run this one command and exit with its code.")
    ] = None,
) -> int:
    """Open a command line in the guest of a machine that a run kept (`bvt run --keep failed`)."""
    state = StateDirectory.default()
    if cell is None:
        _list(state)
        return 0
    kept = load(state, cell)
    transcript = Transcript(
        state.part("shells") / f"{kept.machine_id}.jsonl", cell=kept.cell_id, machine=kept.machine_id
    )
    guest = Guest(kept.access, transcript, media_root="D:\\")
    try:
        if command is not None:
            return _run(guest, command)
        return _converse(guest, kept.cell_id)
    finally:
        guest.close()


def _list(state: StateDirectory) -> None:
    machines = list_kept(state)
    if not machines:
        typer.echo("no machine is kept; keep one with: bvt run --keep failed")
        return
    table = Table(box=None, header_style="dim")
    for heading in ("cell", "machine", "run", "provider"):
        table.add_column(heading)
    for machine in machines:
        table.add_row(machine.cell_id, machine.machine_id, machine.run_id, machine.provider)
    Output().print(table)


def _run(guest: Guest, command: str) -> int:
    result = guest.run(command, timeout_s=TIMEOUT_S, shell=True)  # noqa: S604 - cmd.exe in the guest, which is what was asked for
    sys.stdout.write(result.stdout)
    sys.stderr.write(result.stderr)
    return min(result.exit_code, 255)  # what a Linux exit status can hold


def _converse(guest: Guest, cell: str) -> int:
    typer.echo(f"{cell}: each line runs in the guest by cmd.exe; leave with exit or Ctrl-D")
    while True:
        try:
            line = input(f"{cell}> ").strip()
        except EOFError:
            return 0
        if line in ("exit", "quit"):
            return 0
        if not line:
            continue
        try:
            code = _run(guest, line)
        except HarnessError as error:
            typer.echo(f"bvt: {error}", err=True)
            continue
        if code:
            typer.echo(f"[exit code {code}]", err=True)
