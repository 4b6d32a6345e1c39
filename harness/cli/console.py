"""`bvt console` and `bvt screenshot`: a machine's screen and serial console, while it exists."""

import time
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import completion
from harness.cli.ending import ends
from harness.machines.views import existing, viewable
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.model.plan import cell_folder
from harness.state import StateDirectory

TAIL_BYTES = 8 * 1024
LOOK_EVERY_S = 0.2

MachineArgument = Annotated[
    str,
    typer.Argument(
        help="Cell or machine id, of a kept machine or of a run going on.",
        show_default=False,
        autocompletion=completion.kept,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("console")(ends(console))
    app.command("screenshot")(ends(screenshot))


def console(
    cell: MachineArgument,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show the serial console's output as it comes.")
    ] = False,
) -> None:
    """Print the addresses of a machine's screen (VNC) and serial console, and the end of the console's output."""
    state = StateDirectory.default()
    machine = existing(state, cell)
    view = viewable(state, machine).view(machine.machine_id)
    typer.echo(f"machine  {machine.machine_id} ({machine.cell_id}) on {view.host}")
    typer.echo(f"screen   {f'VNC {view.screen}' if view.screen else 'none'}")
    typer.echo(f"serial   {view.serial}")
    _show(view.serial, follow=follow)


def screenshot(
    cell: MachineArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="PNG file to write.", show_default="<cell>.png")
    ] = None,
) -> None:
    """Save a screenshot of a machine."""
    state = StateDirectory.default()
    machine = existing(state, cell)
    picture = viewable(state, machine).screenshot(machine.machine_id)
    path = out or Path(f"{cell_folder(machine.cell_id)}.png")
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise ConfigurationError(
            f"the picture cannot be written here: {error.strerror}.", file=str(path), key="--out"
        ) from error
    typer.echo(str(path))


def _show(path: Path, *, follow: bool) -> None:
    """The file's end; with `follow` also what is added, until Ctrl-C or until the machine is gone."""
    try:
        with path.open("rb") as serial:
            serial.seek(max(0, serial.seek(0, 2) - TAIL_BYTES))
            typer.echo(serial.read().decode(errors="replace"), nl=not follow)
            while follow and path.exists():
                typer.echo(serial.read().decode(errors="replace"), nl=False)
                time.sleep(LOOK_EVERY_S)
    except OSError as error:
        raise InfrastructureError(
            f"The serial console's output cannot be read here: {error}.",
            hint="On a remote host read the file there.",
        ) from error
