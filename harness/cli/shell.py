"""`bvt shell`: a command line in the guest of a kept machine."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from harness.cell import kept_backend
from harness.cli import completion
from harness.cli.beginning import told_to_end
from harness.cli.ending import ends
from harness.cli.output import Output
from harness.cli.prompt import Prompt
from harness.cli.shell_lines import Lines, show
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.capabilities import ReopensCapsules
from harness.machines.kept import list_kept, load, matching
from harness.machines.provider import CAPSULE, KeptMachine
from harness.machines.registry import provider_of
from harness.model.errors import ConfigurationError, HarnessError
from harness.state import StateDirectory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("shell")(ends(shell))


def shell(
    cell: Annotated[
        str | None,
        typer.Argument(
            help="Cell or machine id, or a capsule's directory; without it the kept machines are listed.",
            autocompletion=completion.kept,
        ),
    ] = None,
    command: Annotated[
        str | None, typer.Option("--command", "-C", help="Run this one command and exit with its code.")
    ] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", help="Id of the run that kept it, where several runs kept this cell."),
    ] = None,
) -> int:
    """Open a command line in the guest of a machine that a run kept (`bvt run --keep failed`, `--keep-at failure`).

    A machine that was put away (`--keep capsule`) is resumed first, and runs until `bvt clean --kept`.

    Each line runs in a cmd.exe of its own. A `cd` or `set` that is alone on its line also applies to the lines after
    it; nothing else does. Ctrl-C ends the command, Ctrl-D the shell.
    """
    state = StateDirectory.default()
    if cell is None:
        _list(state)
        return 0
    kept = _running(state, _named(state, cell, run or ""))
    transcript = Transcript(
        state.part("shells") / f"{kept.machine_id}.jsonl", cell=kept.cell_id, machine=kept.machine_id
    )
    guest = Guest(kept.access, transcript, media_root="D:\\")
    lines = Lines(guest)
    try:
        if command is None:
            with Prompt() as prompt:
                return _converse(guest, lines, kept.cell_id, prompt.line)
        try:
            return lines.perform(command)
        except KeyboardInterrupt:
            _end_command(guest)
            raise
    finally:
        guest.close()


def _named(state: StateDirectory, name: str, run: str) -> KeptMachine | Path:
    """The kept machine of that name, or the capsule at that path."""
    path = Path(name)
    return path if (path / CAPSULE).is_file() else _chosen(state, name, run)


def _running(state: StateDirectory, kept: KeptMachine | Path) -> KeptMachine:
    """The machine itself, going on again if it was put away. Raises what reopening raises."""
    directory = kept if isinstance(kept, Path) else kept.capsule
    if directory is None:
        assert isinstance(kept, KeptMachine)
        return kept
    provider = provider_of(kept.provider if isinstance(kept, KeptMachine) else "libvirt", state)
    assert isinstance(provider, ReopensCapsules)
    try:
        machine = provider.reopen_capsule(directory)
    finally:
        provider.close()
    typer.echo(f"{machine.cell_id} goes on as {machine.machine_id}; bvt clean --kept ends it", err=True)
    return machine


def _chosen(state: StateDirectory, name: str, run: str) -> KeptMachine:
    """The machine that is meant; at a terminal the user is asked where several are."""
    found = matching(state, name, run)
    if len(found) < 2 or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return load(state, name, run)
    for number, machine in enumerate(found, 1):
        newest = ", the newest" if number == 1 else ""
        typer.echo(f"{number}: {machine.machine_id} of run {machine.run_id}{newest}")
    number = int(typer.prompt("which", type=int, default=1))
    if not 1 <= number <= len(found):
        raise ConfigurationError(f"there is no number {number}; the machines are 1 to {len(found)}.")
    return found[number - 1]


def _list(state: StateDirectory) -> None:
    machines = list_kept(state)
    if not machines:
        typer.echo("no machine is kept; keep one with: bvt run --keep failed")
        return
    table = Table(box=None, header_style="dim")
    for heading in ("cell", "machine", "run", "provider", "backend", "last request"):
        table.add_column(heading)
    for machine in machines:
        backend = kept_backend.read(state, machine.machine_id)
        lives = "" if backend is None else f"{backend.address}{'' if backend.alive else ' (ended)'}"
        if machine.capsule is not None:
            lives = "put away (capsule)"
        heard = kept_backend.last_request(state, machine.machine_id)
        table.add_row(machine.cell_id, machine.machine_id, machine.run_id, machine.provider, lives, heard)
    Output().print(table)


def _converse(guest: Guest, lines: Lines, cell: str, ask: Callable[[str], str]) -> int:
    """Line by line until the end. Whatever comes after a Ctrl-C is part of the next turn, so that another one is too."""
    typer.echo(
        f"{cell}: each line runs by a cmd.exe of its own, where the last cd led and with what set gave; Ctrl-C ends a "
        "command, exit or Ctrl-D the shell"
    )
    interrupted = False
    while True:
        try:
            if interrupted:
                interrupted = False
                typer.echo()
                _end_command(guest)
            line = ask(f"{cell} {lines.directory}> " if lines.directory else f"{cell}> ").strip()
            if line in ("exit", "quit"):
                return 0
            _perform(lines, line)
        except EOFError:
            return 0
        except KeyboardInterrupt:
            if told_to_end():
                raise
            interrupted = True


def _perform(lines: Lines, line: str) -> None:
    try:
        code = lines.perform(line) if line else 0
    except HarnessError as error:
        typer.echo(f"bvt: {error}", err=True)
    else:
        if code:
            typer.echo(f"[exit code {code}]", err=True)


def _end_command(guest: Guest) -> None:
    """After a Ctrl-C: end what runs in the guest, and show what it had written. Another Ctrl-C does not wait for it."""
    try:
        output = guest.interrupt()
    except HarnessError as error:
        typer.echo(f"bvt: {error}", err=True)
    except KeyboardInterrupt:
        if told_to_end():
            raise
        typer.echo("bvt: the command may still run in the guest", err=True)
    else:
        if output is not None:
            show(*output)
            typer.echo("[interrupted]", err=True)
