"""Where a key's passphrase comes from: the environment, a file, or who sits at the terminal. Never an argument."""

import os
import sys

import typer

from harness.model.errors import ConfigurationError
from harness.signing.signers import PASSPHRASE_FILE_VARIABLE, PASSPHRASE_VARIABLE, passphrase_from_environment


def passphrase(what: str) -> str:
    """The passphrase (or PIN) of the key `what`. Raises `ConfigurationError` if there is none to be had."""
    if _given() or not sys.stdin.isatty():
        return passphrase_from_environment(what)
    return str(typer.prompt(f"Passphrase of {what}", hide_input=True, err=True))


def new_passphrase(what: str) -> str:
    """The passphrase for a new key, asked for twice at a terminal. Raises `ConfigurationError` for an empty one."""
    if _given() or not sys.stdin.isatty():
        found = passphrase_from_environment(what)
    else:
        found = str(
            typer.prompt(f"New passphrase of {what}", hide_input=True, confirmation_prompt=True, err=True)
        )
    if not found:
        raise ConfigurationError("the passphrase is empty, so the key would lie open on the disk.")
    return found


def _given() -> bool:
    return PASSPHRASE_VARIABLE in os.environ or bool(os.environ.get(PASSPHRASE_FILE_VARIABLE))
