"""Entry point of `bvt`: the commands in one place."""

from typing import Annotated

import typer

import harness
from harness.cli import clean, console, disk, doctor, image, plan, repro, run, shell

EPILOG = "Exit codes: 0 PASS, 1 FAIL, 2 usage or configuration, 3 INCOMPLETE, 4 INFRA, 5 INVALID, 6 STALE."

app = typer.Typer(
    name="bvt",
    help="The build-verification gate for Windows endpoint agents.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for part in (run, repro, plan, doctor, clean, shell, console, disk, image):
    part.register(app)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"bvt {harness.__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; ends with the command's exit code, 2 for a wrong command line."""
    app()
