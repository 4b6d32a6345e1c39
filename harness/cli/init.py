"""`bvt init`: a first profile, from what the installer itself says."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.options import CandidateArgument
from harness.cli.output import Output
from harness.config.load import PROFILES_DIRECTORY
from harness.files import write_atomically
from harness.model.errors import ConfigurationError
from harness.model.plural import plural
from harness.profiles.first_profile import first_profile


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(ends(init))


def init(
    candidate: CandidateArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write the profile here.", show_default="agents/<product>.yaml"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
) -> None:
    """Draft an agent profile from CANDIDATE.

    An MSI's tables say services, files, registry values, folders and properties; what they cannot say is marked TODO. Of
    an EXE only a skeleton is made. Nothing is run, and `bvt plan` accepts the draft as it is.
    """
    if out is not None and out.suffix not in (".yaml", ".yml"):
        raise ConfigurationError("a profile's file ends with .yaml.", file=str(out), key="--out")
    name, text = first_profile(candidate.absolute(), out.stem if out is not None else "")
    place = out or Path(PROFILES_DIRECTORY, f"{name}.yaml")
    if place.exists() and not force:
        raise ConfigurationError(
            "the file is there already.",
            file=str(place),
            hint="Name another with -o, or overwrite it with --force.",
        )
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, text)
    except OSError as error:
        raise ConfigurationError(
            f"the profile cannot be written here: {error.strerror}.", file=str(place)
        ) from error
    console = Output(soft_wrap=True)  # the line is copied
    console.print(f"{place}: {plural(text.count('TODO: '), 'TODO')} to look at", highlight=False)
    given = name if out is None else str(place)
    line = shlex.join(["bvt", "plan", str(candidate), "--profile", given])
    console.print(f"then: {line}", highlight=False)
