"""`bvt clean`: removes what killed runs left behind."""

from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.machines import hygiene
from harness.model.gate import EXIT_CODES, Verdict
from harness.state import StateDirectory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("clean")(ends(clean))


def clean(
    kept: Annotated[bool, typer.Option("--kept", help="Also machines that were kept on purpose.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also machines of runs that are still going on.")
    ] = False,
) -> int:
    """Remove machines, processes and files of runs that are no longer there. Nothing else is touched."""
    said = hygiene.clean(StateDirectory.default(), all=everything, kept=kept)
    for line in said:
        typer.echo(line)
    left = sum(_says(line, "not removed") for line in said)
    removed = sum(_says(line, "removed") for line in said)
    if not said:
        typer.echo("nothing to clean")
    else:
        typer.echo(f"{removed} removed" + (f", {left} not removed" if left else ""))
    return EXIT_CODES[Verdict.INFRA] if left else 0


def _says(line: str, what: str) -> bool:
    """Whether a line of `hygiene.clean`, `<machine>: <what happened> …`, says `what`."""
    return line.partition(": ")[2].startswith(what)
