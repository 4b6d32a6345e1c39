"""`bvt serve`: roll-out decisions over HTTP to update servers."""

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.model.errors import ConfigurationError
from harness.model.plural import plural
from harness.state import StateDirectory

NEEDED = ("prometheus_client", "httptools", "itsdangerous", "uvloop")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(ends(serve))


def serve(
    settings: Annotated[Path, typer.Argument(help="Settings file.")] = Path("serve.yaml"),
    store: Annotated[
        Path | None, typer.Option("--store", help="Folder of the store.", show_default="in BVT_HOME")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Only read the settings and the YAML files that they name."),
    ] = False,
) -> int:
    """Tell update servers which host gets which version, and halt a release that does harm.

    SIGHUP reads the settings anew, SIGTERM drains. Logs are JSON lines on standard error.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"bvt serve needs {', '.join(missing)}.",
            hint="Install the harness with its extra: agent-bvt[serve].",
        )
    from harness.server.mail import Mail
    from harness.server.process import serve as run
    from harness.server.settings_file import load_settings

    read = load_settings(settings)
    if check:
        Mail.check(read, with_ledger=False)
        typer.echo(
            f"{settings}: {plural(len(read.rollouts), 'roll-out')}, {plural(len(read.tokens), 'token')}"
        )
        return 0
    return run(settings, read, store or StateDirectory.default().part("serve"))
