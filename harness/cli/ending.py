"""How a command ends: its number is the exit code, its error is a sentence. No traceback ever reaches the user."""

import functools
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec

import typer

from harness.cli.output import discard_output
from harness.model.errors import HarnessError
from harness.model.gate import EXIT_CODES, Verdict, exit_code_of
from harness.state import StateDirectory

Arguments = ParamSpec("Arguments")
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""
OUTPUT_CLOSED = 141
"""128 + SIGPIPE, likewise."""


def ends(command: Callable[Arguments, int | None]) -> Callable[Arguments, None]:
    """Wrap a command: its result becomes the exit code, what it raises one sentence on standard error."""

    @functools.wraps(command)
    def ended(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            code = command(*args, **kwargs) or 0
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            say("interrupted")
            code = INTERRUPTED
        except BrokenPipeError:  # `| head` has enough
            discard_output()
            code = OUTPUT_CLOSED
        except HarnessError as error:
            say(str(error))
            code = exit_code_of(error)
        except (
            OSError
        ) as error:  # a full disk, a path that may not be written: the words of the system say it
            place = f"{error.filename}: " if error.filename else ""
            say(f"{place}{error.strerror or error}. Details are in {_keep_details()}.")
            code = EXIT_CODES[Verdict.INFRA]
        except Exception:  # noqa: BLE001 - the last line of defence: a defect of our own, kept whole in a file
            say(f"an internal error; its details are in {_keep_details()}. Please report it.")
            code = EXIT_CODES[Verdict.INFRA]
        raise typer.Exit(code)

    return ended


def _keep_details() -> str:
    details, name = traceback.format_exc(), f"{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
    try:
        path = StateDirectory.default().part("crashes") / name
        path.write_text(details, encoding="utf-8")
    except (OSError, HarnessError):  # the state directory may be what broke
        path = Path(tempfile.mkdtemp(prefix="bvt-crash-")) / name
        path.write_text(details, encoding="utf-8")
    return str(path)


def say(text: str) -> None:
    """One sentence of the command's own, on standard error."""
    sys.stderr.write(f"bvt: {text}\n")
