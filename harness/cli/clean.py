"""`bvt clean`: removes what killed runs left behind."""

from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.machines import hygiene
from harness.state import StateDirectory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("clean")(ends(clean))


def clean(
    kept: Annotated[bool, typer.Option("--kept", help="Also machines that were kept on purpose.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also machines of runs that are still going on.")
    ] = False,
) -> None:
    """Remove machines, processes and files of runs that are no longer there. Nothing else is touched."""
    removed = hygiene.clean(StateDirectory.default(), all=everything, kept=kept)
    for line in removed:
        typer.echo(line)
    typer.echo("nothing to clean" if not removed else f"{len(removed)} removed")
