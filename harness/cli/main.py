"""Entry point of `bvt`: the commands, and what a user sees of an error."""

import sys
import traceback
from datetime import UTC, datetime
from typing import Annotated

import click
import typer

import harness
from harness.cli import clean, doctor, plan, run, shell
from harness.model.errors import CandidateError, ConfigurationError, HarnessError
from harness.model.gate import EXIT_CODES, Verdict
from harness.state import StateDirectory

EPILOG = "Exit codes: 0 PASS, 1 FAIL, 2 usage or configuration, 3 INCOMPLETE, 4 INFRA, 5 INVALID, 6 STALE."

app = typer.Typer(
    name="bvt",
    help="The build-verification gate for Windows endpoint agents.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for part in (run, plan, doctor, clean, shell):
    part.register(app)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"bvt {harness.__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command and exit with its code. No traceback ever reaches the user."""
    try:
        code = app(standalone_mode=False)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted; what was left running is removed by: bvt clean")
        sys.exit(130)
    except HarnessError as error:
        _say(str(error))
        sys.exit(exit_code_of(error))
    except Exception:  # noqa: BLE001 - the last line of defence: a defect of our own, kept whole in a file
        path = StateDirectory.default().part("crashes") / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
        path.write_text(traceback.format_exc(), encoding="utf-8")
        _say(f"an internal error; its details are in {path}. Please report it.")
        sys.exit(EXIT_CODES[Verdict.INFRA])
    sys.exit(code if isinstance(code, int) else 0)


def exit_code_of(error: HarnessError) -> int:
    """2 for the user's mistakes, 1 for the candidate's, 4 for the lab's."""
    if isinstance(error, ConfigurationError):
        return 2
    return EXIT_CODES[Verdict.FAIL if isinstance(error, CandidateError) else Verdict.INFRA]


def _say(text: str) -> None:
    sys.stderr.write(f"bvt: {text}\n")
