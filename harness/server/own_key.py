"""The key by which the server signs in the ledger."""

from pathlib import Path

from securesystemslib.signer import Signer

from harness.model.errors import ConfigurationError
from harness.server.settings import Settings
from harness.signing.signers import is_file, passphrase_from_environment, signer_of


def own_signer(settings: Settings) -> Signer:
    """Who signs with `ledger_key`. Raises `ConfigurationError` if it cannot be used."""
    public = Path(settings.ledger_public_key) if settings.ledger_public_key else None
    if public is None and not is_file(settings.ledger_key):
        raise ConfigurationError(
            f"the key {settings.ledger_key!r} needs its public half.",
            hint="Name its PEM file under ledger_public_key in serve.yaml.",
        )
    return signer_of(settings.ledger_key, passphrase_from_environment, public)
