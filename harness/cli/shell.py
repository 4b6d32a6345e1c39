"""`bvt shell`: a command line in the guest of a kept machine."""

import re
import sys
from typing import Annotated

import typer
from rich.table import Table

from harness.cli.ending import ends
from harness.cli.output import Output
from harness.guest.facts import CommandResult
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


def _run(guest: Guest, command: str, directory: str = "") -> int:
    result = _in_cmd(guest, command, directory)
    sys.stdout.write(result.stdout)
    sys.stderr.write(result.stderr)
    return min(result.exit_code, 255)  # what a Linux exit status can hold


def _in_cmd(guest: Guest, command: str, directory: str) -> CommandResult:
    cwd = directory or None
    return guest.run(command, timeout_s=TIMEOUT_S, cwd=cwd, shell=True)  # noqa: S604 - the guest's cmd.exe is what was asked for


def _converse(guest: Guest, cell: str) -> int:
    typer.echo(
        f"{cell}: each line runs by a cmd.exe of its own, where the last cd led; leave with exit or Ctrl-D"
    )
    directory = ""
    while True:
        try:
            line = input(f"{cell} {directory}> " if directory else f"{cell}> ").strip()
        except EOFError:
            return 0
        if line in ("exit", "quit"):
            return 0
        if not line:
            continue
        try:
            if (to := _target(line)) is not None:
                directory = _directory(guest, directory, to) or directory
                continue
            code = _run(guest, line, directory)
        except HarnessError as error:
            typer.echo(f"bvt: {error}", err=True)
            continue
        if code:
            typer.echo(f"[exit code {code}]", err=True)


CHANGE_DIRECTORY = re.compile(r"(?:cd|chdir)(?:\s+/d)?\s+(?P<to>[^&|<>]+)", re.IGNORECASE)


def _target(line: str) -> str | None:
    """Where the line wants to go, if it does nothing else: `cd X`, or a drive as `D:`."""
    if re.fullmatch("[A-Za-z]:", line):
        return f"{line}\\"
    moves = CHANGE_DIRECTORY.fullmatch(line)
    return moves["to"].strip().strip('"') if moves else None


def _directory(guest: Guest, directory: str, to: str) -> str:
    """Where `cd` leads from `directory`; empty, and cmd's own words shown, if it leads nowhere."""
    result = _in_cmd(guest, f'cd /d "{to}" && cd', directory)
    if result.exit_code or not result.stdout.strip():
        sys.stderr.write(result.stderr or result.stdout)
        return ""
    return result.stdout.strip().splitlines()[-1]
