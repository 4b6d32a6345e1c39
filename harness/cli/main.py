"""Entry point of `bvt`: the commands in one place."""

import importlib
import sys
from typing import Annotated

import typer

import harness

EPILOG = "Exit codes: 0 PASS, 1 FAIL, 2 usage or configuration, 3 INCOMPLETE, 4 INFRA, 5 INVALID, 6 STALE."
MODULES = {
    "run": "run",
    "repro": "repro",
    "plan": "plan",
    "doctor": "doctor",
    "clean": "clean",
    "shell": "shell",
    "console": "console",
    "screenshot": "console",
    "disk": "disk",
    "image": "image",
}
"""Which module of this package offers a command, in the order of the help."""


def application(arguments: list[str]) -> typer.Typer:
    """The command line. Only the command asked for is imported: each stands on other rooms, and imports cost time.

    Help and completion need them all.
    """
    app = typer.Typer(
        name="bvt",
        help="The build-verification gate for Windows endpoint agents.",
        epilog=EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback(invoke_without_command=True)(_root)
    asked = arguments[0] if arguments else ""
    wanted = [MODULES[asked]] if asked in MODULES else list(dict.fromkeys(MODULES.values()))
    if asked != "--version":
        for module in wanted:
            importlib.import_module(f"harness.cli.{module}").register(app)
    return app


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"bvt {harness.__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; ends with the command's exit code, 2 for a wrong command line."""
    try:
        application(sys.argv[1:])()
    except KeyboardInterrupt:  # before a command had begun; a command says it itself
        from harness.cli.ending import INTERRUPTED, say

        say("interrupted")
        sys.exit(INTERRUPTED)
