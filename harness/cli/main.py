"""Entry point of `bvt`: the commands in one place.

Nothing that takes time is imported before `main` is ready for a Ctrl-C in it.
"""

import gc
import importlib
import sys
from typing import TYPE_CHECKING, Annotated

import harness
from harness.cli import beginning

if TYPE_CHECKING:
    import typer

EPILOG = "Exit codes: 0 PASS, 1 FAIL, 2 usage or configuration, 3 INCOMPLETE, 4 INFRA, 5 INVALID, 6 STALE."
MODULES = {
    "run": "run",
    "repro": "repro",
    "plan": "plan",
    "gate": "gate",
    "diff": "diff",
    "trend": "trend",
    "ledger": "ledger",
    "policy": "policy",
    "waiver": "waiver",
    "playbook": "playbook",
    "serve": "serve",
    "promote": "promote",
    "approve": "promote",
    "reject": "promote",
    "halt": "promote",
    "resume": "promote",
    "raise": "promote",
    "rollback": "promote",
    "health": "promote",
    "change": "promote",
    "status": "status",
    "history": "status",
    "explain": "status",
    "keys": "keys",
    "init": "init",
    "inspect": "inspect",
    "doctor": "doctor",
    "clean": "clean",
    "shell": "shell",
    "transcript": "transcript",
    "console": "console",
    "screenshot": "console",
    "disk": "disk",
    "image": "image",
}
"""Which module of this package offers a command, in the order of the help."""
USAGE = 2
BROKEN = 4
"""INFRA: nothing was found out about any candidate."""


def application(arguments: list[str]) -> "typer.Typer":
    """The command line. Only the command asked for is imported: each stands on other rooms, and imports cost time.

    Help and completion need them all.
    """
    import typer

    def root(
        version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    ) -> None:
        if version:
            typer.echo(f"bvt {harness.__version__}")
            raise typer.Exit

    app = typer.Typer(
        name="bvt",
        help="The build-verification gate for Windows endpoint agents.",
        epilog=EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback(invoke_without_command=True)(root)
    asked = arguments[0] if arguments else ""
    wanted = [MODULES[asked]] if asked in MODULES else list(dict.fromkeys(MODULES.values()))
    gc.disable()  # what is imported stays: to look for garbage in it would take an eighth of the start
    try:
        if asked != "--version":
            for module in wanted:
                importlib.import_module(f"harness.cli.{module}").register(app)
    finally:
        gc.enable()
    return app


def main() -> None:
    """Run the command line; ends with the command's exit code, 2 for a wrong command line, never with 1 by chance."""
    beginning.begin()
    try:
        code = _performed(sys.argv[1:])
        beginning.let_go()
    except KeyboardInterrupt as error:  # right after the command's end
        beginning.let_go()
        from harness.cli.ending import code_of

        code = code_of(error)
    sys.exit(code)


def _performed(arguments: list[str]) -> int:
    """The exit code. What a command itself does not answer comes from what is around it: help, parser, imports."""
    try:
        try:
            code = application(arguments)(arguments, prog_name="bvt", standalone_mode=False)
        except SystemExit as ended:
            if isinstance(
                ended.__context__, OSError
            ):  # the parser's answer to a reader that left would mean FAIL
                raise ended.__context__ from None
            code = ended.code
        return _flushed(code if isinstance(code, int) else 0)
    except ImportError as error:
        beginning.say(f"it cannot start: {error}. Set the project up again with: ./dev setup")
        return BROKEN
    except BaseException as error:  # noqa: BLE001 - what it does not know it raises again
        import typer

        from harness.cli.ending import code_of
        from harness.cli.usage import usage_sentence

        if not isinstance(error, typer.TyperException):
            return code_of(error)
        if said := usage_sentence(error):
            beginning.say(said)
        return USAGE


def _flushed(code: int) -> int:
    """The command's own code, once its output is out. Output that was lost is no success."""
    try:
        sys.stdout.flush()
    except OSError as error:
        if code:
            beginning.discard(sys.stdout.fileno())
            return code
        raise error from None
    return code
