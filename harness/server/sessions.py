"""Who has logged in by a provider of identities: a signed cookie that says it, for some hours.

Nothing is kept on the server. Whom the settings name no more is nobody from then on, whatever their cookie says.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from harness.files import write_once
from harness.server.settings import Settings, Token

SECRET_FILE = "session.secret"  # noqa: S105 - the name of a file
PREFIX = "oidc."
"""Begins the cookie, so that it is never looked for among the tokens."""


class Guest(Token):
    """A person whom a provider vouches for, in the place of a token."""

    @property
    def how(self) -> str:
        """What the ledger says of how the person was recognised."""
        return f"OIDC {self.name}"


class Sessions:
    """Makes and reads cookies. `clock`: Unix time."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        secret = write_once(folder / SECRET_FILE, secrets.token_hex(32), mode=0o600)
        self._clock = clock
        self._session = _serializer(secret, "agent-bvt session 1")
        self._errand = _serializer(secret, "agent-bvt login 1")

    def cookie(self, identity: str, issuer: str, hours: float) -> str:
        """For somebody whom the issuer calls so."""
        until = int(self._clock() + hours * 3600)
        return PREFIX + str(self._session.dumps([identity, issuer, until]))

    def guest(self, cookie: bytes, settings: Settings) -> Guest | None:
        """Whose cookie it is, by the settings of now; None for a forged and for an old one, and for strangers."""
        oidc, text = settings.oidc, cookie.decode("utf-8", "replace")
        if oidc is None or not text.startswith(PREFIX):
            return None
        try:
            identity, issuer, until = self._session.loads(text.removeprefix(PREFIX))
        except (BadData, ValueError, TypeError):
            return None
        known = oidc.people.get(str(identity))
        if issuer != oidc.issuer or known is None or self._clock() > int(until):
            return None
        digest = hashlib.sha256(cookie).hexdigest()
        return Guest(name=f"{identity} at {issuer}", sha256=digest, scopes=known.scopes, person=known.person)

    def errand(self, said: dict[str, Any]) -> str:
        """What a login that was begun has to bring back, for the browser to keep."""
        return str(self._errand.dumps(said))

    def read_errand(self, cookie: str) -> dict[str, Any] | None:
        """What was kept; None if it is not this server's."""
        try:
            said = self._errand.loads(cookie)
        except BadData:
            return None
        return said if isinstance(said, dict) else None


def _serializer(secret: str, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=salt, signer_kwargs={"digest_method": hashlib.sha256})
