"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import completion

CandidateArgument = Annotated[
    Path, typer.Argument(help="The installer under test (MSI or EXE).", show_default=False)
]
OptionalCandidateArgument = Annotated[
    Path | None, typer.Argument(help="The installer under test (MSI or EXE).", show_default=False)
]
OptionalProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        "-p",
        help="Agent profile: a name under agents/ or a file.",
        show_default=False,
        autocompletion=completion.profiles,
    ),
]
ProfileOption = Annotated[
    str,
    typer.Option(
        "--profile",
        "-p",
        help="Agent profile: a name under agents/ or a file.",
        show_default=False,
        autocompletion=completion.profiles,
    ),
]
MatrixOption = Annotated[
    Path | None, typer.Option("--matrix", "-m", help="Matrix file.", show_default="matrix.yaml")
]
BackendOption = Annotated[
    str | None, typer.Option("--backend", help="File of an external backend.", show_default="embedded")
]
SuiteOption = Annotated[
    str,
    typer.Option(
        "--suite",
        help="Suite of the matrix: a part of its cells that is gated by itself.",
        autocompletion=completion.suites,
    ),
]
PoolOption = Annotated[
    str,
    typer.Option("--pool", help="Pool of the matrix that the cells run on.", autocompletion=completion.pools),
]
