"""`bvt keys`: make the keys that sign gates, policies and waivers, and say what a key is."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.passphrase import new_passphrase
from harness.model.errors import ConfigurationError
from harness.signing.keys import KeyKind, TrustedKey, new_key_pair, read_public_key


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="keys", help="Keys that sign gates: create, show.", no_args_is_help=True)
    group.command("new")(ends(new))
    group.command("show")(ends(show))
    app.add_typer(group)


def new(
    name: Annotated[
        Path,
        typer.Argument(help="NAME.key is the private key, NAME.pub the public one.", show_default=False),
    ],
    kind: Annotated[str, typer.Option("--type", help="ed25519 or ecdsa (P-256).")] = "ed25519",
) -> None:
    """Make a pair of keys. The private one is encrypted with a passphrase.

    The passphrase comes from BVT_KEY_PASSPHRASE, or from the file that BVT_KEY_PASSPHRASE_FILE names; else it is asked
    for.
    """
    if kind not in tuple(KeyKind):
        raise ConfigurationError(f"--type takes {', '.join(KeyKind)}, not {kind!r}.")
    if not name.name:
        raise ConfigurationError("this names no file; release makes release.key and release.pub.", key="NAME")
    private = name if name.suffix == ".key" else name.with_name(f"{name.name}.key")
    try:
        trusted = new_key_pair(KeyKind(kind), private, new_passphrase(private.name))
    except OSError as error:
        raise ConfigurationError(
            f"the key cannot be written here: {error.strerror}.", file=str(private)
        ) from None
    typer.echo(f"private key  {private} (encrypted)")
    typer.echo(f"public key   {private.with_suffix('.pub')}")
    _say(trusted)


def show(
    public: Annotated[Path, typer.Argument(help="A public key in PEM.", show_default=False)],
) -> None:
    """Print a public key's id, as envelopes name it, its fingerprint, which tells it from every other key, and its text.

    tiers.yaml holds the text, in one line.
    """
    trusted = read_public_key(public, "")
    _say(trusted)
    typer.echo(f"type         {trusted.key.keytype}, {trusted.key.scheme}")


def _say(trusted: TrustedKey) -> None:
    typer.echo(f"key id       {trusted.keyid}")
    typer.echo(f"fingerprint  {trusted.fingerprint}")
    typer.echo(f"in one line  {trusted.spki}")
