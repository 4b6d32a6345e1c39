"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import completion
from harness.model.run_options import BACKEND, MATRIX, OLDEST, POOL, PREVIOUS, PROFILE, SUITE

CandidateArgument = Annotated[
    Path, typer.Argument(help="The installer under test (MSI or EXE).", show_default=False)
]
OptionalCandidateArgument = Annotated[
    Path | None, typer.Argument(help="The installer under test (MSI or EXE).", show_default=False)
]
OptionalProfileOption = Annotated[
    str | None,
    typer.Option(
        PROFILE.flag,
        "-p",
        help=PROFILE.help,
        show_default=False,
        autocompletion=completion.profiles,
    ),
]
ProfileOption = Annotated[
    str,
    typer.Option(
        PROFILE.flag,
        "-p",
        help=PROFILE.help,
        show_default=False,
        autocompletion=completion.profiles,
    ),
]
MatrixOption = Annotated[
    Path | None, typer.Option(MATRIX.flag, "-m", help=MATRIX.help, show_default=MATRIX.shown)
]
PreviousOption = Annotated[
    Path | None, typer.Option(PREVIOUS.flag, help=PREVIOUS.help, show_default=PREVIOUS.shown)
]
OldestOption = Annotated[Path | None, typer.Option(OLDEST.flag, help=OLDEST.help, show_default=OLDEST.shown)]
BackendOption = Annotated[
    str | None, typer.Option(BACKEND.flag, help=BACKEND.help, show_default=BACKEND.shown)
]
SuiteOption = Annotated[
    str,
    typer.Option(
        SUITE.flag,
        help=SUITE.help,
        autocompletion=completion.suites,
    ),
]
PoolOption = Annotated[
    str,
    typer.Option(POOL.flag, help=POOL.help, autocompletion=completion.pools),
]
