"""`bvt image record`: what the Windows in a kept machine says of itself, in a file for tests."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import yaml

from harness.cli import completion
from harness.files import write_atomically
from harness.guest.guest import Guest
from harness.guest.recording import QUESTIONS, record
from harness.guest.transcript import Transcript
from harness.machines.kept import load
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory

HEAD = (
    "# Recorded by `bvt image record`. Names of computer and account are NAME, domains in identifiers 1-2-3.\n"
    "# Read it before you publish it: programs log what they like.\n"
)


def record_(
    cell: Annotated[
        str, typer.Argument(help="Cell or machine id of a kept machine.", autocompletion=completion.kept)
    ],
    to: Annotated[Path, typer.Option("--to", help="The YAML file to write; it must not be there yet.")],
    run: Annotated[
        str | None, typer.Option("--run", help="Id of the run that kept it, where several kept this cell.")
    ] = None,
) -> int:
    """Record what the Windows in a kept machine says of itself: services, drivers, events, access lists, WinRM.

    It becomes test data (tests/recorded); docs/first-day.md says what for. Nothing is changed in the guest.
    """
    if to.exists():
        raise ConfigurationError(f"{to} is there already: give the name of a new file.")
    if not to.resolve().parent.is_dir():
        raise ConfigurationError(f"{to}: there is no folder {to.resolve().parent}.")
    state = StateDirectory.default()
    kept = load(state, cell, run or "")
    place = state.part("shells") / f"{kept.machine_id}.jsonl"
    guest = Guest(
        kept.access, Transcript(place, cell=kept.cell_id, machine=kept.machine_id), media_root="D:\\"
    )
    typer.echo(f"asking {kept.cell_id} {len(QUESTIONS)} questions; each may take two minutes")
    try:
        found = record(guest, [kept.access.username, kept.machine_id])
    finally:
        guest.close()
    text = yaml.safe_dump(
        {about: asdict(said) for about, said in found.items()}, sort_keys=False, allow_unicode=True
    )
    write_atomically(to, HEAD + text)
    unanswered = [about for about, said in found.items() if said.exit_code is None]
    typer.echo(
        f"{to}: {len(found)} answers" + (f"; not in time: {', '.join(unanswered)}" if unanswered else "")
    )
    return 0
