"""How a command ends: its number is the exit code, its error is a sentence. No traceback ever reaches the user."""

import errno
import functools
import tempfile
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec

import typer
from pydantic_core import PydanticSerializationError

from harness.cli.beginning import INTERRUPTED, hand_over, say
from harness.cli.output import discard_output
from harness.model.errors import HarnessError
from harness.model.gate import EXIT_CODES, USAGE_EXIT_CODE, Verdict, exit_code_of
from harness.state import StateDirectory

Arguments = ParamSpec("Arguments")
OUTPUT_CLOSED = 141
"""128 + SIGPIPE, as shells report it."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Of a write these name no file."""

WRONG_NAME = (
    errno.EACCES,
    errno.EEXIST,  # of a folder that is to be made where a file is
    errno.EISDIR,
    errno.ELOOP,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
)
"""What says that a path cannot be used, not that the disk is full or broken."""


def ends(
    command: Callable[Arguments, int | None], *, writes_inside: bool = False
) -> Callable[Arguments, None]:
    """Wrap a command: its result becomes the exit code, what it raises one sentence on standard error.

    `writes_inside`: all that it does is to write into folders that the command line names. So what the system has
    against a file in one of them is a mistake in the command line; of a run it would be the lab's.
    """

    @functools.wraps(command)
    def ended(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            hand_over()
            code = command(*args, **kwargs) or 0
        except typer.Exit:
            raise
        except BaseException as error:  # noqa: BLE001 - what it does not know it raises again
            code = code_of(error, _named_in([*args, *kwargs.values()]), writes_inside=writes_inside)
        raise typer.Exit(code)

    return ended


def code_of(error: BaseException, named: frozenset[str] = frozenset(), *, writes_inside: bool = False) -> int:
    """Say what happened; the exit code for it. Raises again what is no error.

    `named`: what the command line names. What the system has against one of these is a mistake in the command line.
    """
    match error:
        case _ if is_interrupt(error):
            say("interrupted")
            return INTERRUPTED
        case BrokenPipeError():  # `| head` has enough
            discard_output()
            return OUTPUT_CLOSED
        case HarnessError():
            say(str(error))
            return exit_code_of(error)
        case FileNotFoundError() if not error.filename and _folder_is_gone():
            say("the current directory is not there any more. Change into another one.")
            return USAGE_EXIT_CODE
        case OSError() if error.errno == errno.ENAMETOOLONG:  # what the harness names itself is short
            say(f"{error.filename}: the name is too long for this system. Take a shorter one.")
            return USAGE_EXIT_CODE
        case OSError() if error.errno in WRONG_NAME and _is_named(error.filename, named, writes_inside):
            say(f"{error.filename}: {error.strerror}. Name another.")
            return USAGE_EXIT_CODE
        case OSError():  # a full disk, a path that may not be written: the words of the system say it
            into = (
                error.filename2 if error.errno in NO_ROOM else None
            )  # of a copy the first name is what was read
            place = into or error.filename or ("what was to be written" if error.errno in NO_ROOM else "")
            words = f"{place}: {error.strerror or error}" if place else str(error.strerror or error)
            say(f"{words}. Details are in {_keep_details(error)}.")
        case ExceptionGroup() if _all_of_system(error):  # several of pytest's plugins met the same full disk
            return code_of(error.exceptions[0])
        case Exception():  # the last line of defence: a defect of our own, kept whole in a file
            say(f"an internal error; its details are in {_keep_details(error)}. Please report it.")
        case _:
            raise error
    return EXIT_CODES[Verdict.INFRA]


def is_interrupt(error: BaseException) -> bool:
    """Whether this is an interrupt: pydantic makes an error of its own of one that meets it while it writes JSON."""
    return isinstance(error, KeyboardInterrupt) or (
        isinstance(error, PydanticSerializationError) and KeyboardInterrupt.__name__ in str(error)
    )


def _folder_is_gone() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _named_in(arguments: Iterable[object]) -> frozenset[str]:
    """The texts and paths among a command's arguments."""
    found: set[str] = set()
    for each in arguments:
        if isinstance(each, str | Path):
            found.add(str(each))
        elif isinstance(each, list | tuple):
            found |= _named_in(each)
    return frozenset(found)


def _is_named(place: object, named: frozenset[str], inside: bool) -> bool:
    """Whether the command line names this, or something in it: its folder may be what is wrong.

    `inside`: or a folder that it is in.
    """
    if place is None:
        return False
    wrong = Path(str(place))
    return any(
        Path(each) == wrong or wrong in Path(each).parents or (inside and Path(each) in wrong.parents)
        for each in named
        if each
    )


def _all_of_system(group: BaseException) -> bool:
    return isinstance(group, OSError) or (
        isinstance(group, ExceptionGroup) and all(map(_all_of_system, group.exceptions))
    )


def _keep_details(error: BaseException) -> str:
    details, name = "".join(traceback.format_exception(error)), f"{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
    for place in (_crashes, _anywhere):
        with suppress(
            OSError, HarnessError
        ):  # the state directory may be what broke, and every disk may be full
            path = place() / name
            path.write_text(details, encoding="utf-8")
            return str(path)
    return f"no file, for none can be written ({type(error).__name__}: {error})"


def _crashes() -> Path:
    return StateDirectory.default().part("crashes")


def _anywhere() -> Path:
    return Path(tempfile.mkdtemp(prefix="bvt-crash-"))
