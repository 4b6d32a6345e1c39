"""What a provider of identities says of a person: OpenID Connect's code flow with PKCE, and a token that is verified.

Source: "OpenID Connect Core 1.0", sections 3.1 and 5.7; "OpenID Connect Discovery 1.0", section 4; RFC 9700.
"""

import os
import time
from dataclasses import dataclass
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from harness.server.settings import Oidc

PROVIDER_S = 20.0
"""How long the provider may take for an answer."""
KEPT_S = 3600.0
"""How long what the provider says of itself holds."""
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""With a public key. A provider that signs with the shared secret, or not at all, is not believed."""
LEEWAY_S = 60


class NotRecognised(Exception):
    """The provider does not vouch for anybody here; the message is a sentence."""


@dataclass(frozen=True)
class Errand:
    """A login that was begun: where to go, and what must come back."""

    address: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """One provider. It is asked for its addresses and keys when they are first needed, and each hour."""

    def __init__(self, oidc: Oidc, callback: str) -> None:
        self._oidc, self._callback = oidc, callback
        self._about: tuple[float, dict[str, Any]] | None = None

    def begin(self, state: str, nonce: str, verifier: str) -> Errand:
        """Where the browser goes. Raises `NotRecognised` if the provider cannot be asked."""
        with self._session() as session:
            address, _ = session.create_authorization_url(
                self._said("authorization_endpoint"), state=state, nonce=nonce, code_verifier=verifier
            )
        return Errand(str(address), state, nonce, verifier)

    def identity(self, answer: str, nonce: str, verifier: str) -> str:
        """Whom the provider vouches for: the claim that the settings name. `answer`: the URL that came back.

        Raises `NotRecognised`.
        """
        try:
            with self._session() as session:
                got = session.fetch_token(
                    self._said("token_endpoint"),
                    authorization_response=answer,
                    code_verifier=verifier,
                    timeout=PROVIDER_S,
                )
            claims = self._verified(str(got.get("id_token", "")), nonce)
        except (requests.RequestException, AuthlibBaseError, JoseError, ValueError) as error:
            raise NotRecognised(f"the provider's answer does not hold: {error}.") from None
        if self._oidc.claim == "email" and claims.get("email_verified") is not True:
            raise NotRecognised("the provider has not verified this address.")
        found = claims.get(self._oidc.claim)
        if not isinstance(found, str) or not found:
            raise NotRecognised(f"the provider does not say {self._oidc.claim!r}.")
        return found

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            client_id=self._oidc.client_id,
            client_secret=os.environ.get(self._oidc.secret_from) if self._oidc.secret_from else None,
            scope="openid email profile",
            redirect_uri=self._callback,
            code_challenge_method="S256",
        )

    def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        keys = KeySet.import_key_set(cast("KeySetSerialization", self._asked(self._said("jwks_uri"))))
        read = jwt.decode(token, keys, algorithms=ALGORITHMS)
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._oidc.issuer},
            aud={"essential": True, "value": self._oidc.client_id},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
            sub={"essential": True},
        ).validate(read.claims)
        return dict(read.claims)

    def _said(self, name: str) -> str:
        """What the provider says of itself. Raises `NotRecognised`."""
        if self._about is None or time.monotonic() > self._about[0] + KEPT_S:
            try:
                about = self._asked(f"{self._oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
            except (requests.RequestException, ValueError) as error:
                raise NotRecognised(f"the provider {self._oidc.issuer} cannot be asked: {error}.") from None
            if about.get("issuer") != self._oidc.issuer:
                raise NotRecognised(
                    f"the provider calls itself {about.get('issuer')!r}, not {self._oidc.issuer!r}."
                )
            self._about = time.monotonic(), about
        found = self._about[1].get(name)
        if not isinstance(found, str):
            raise NotRecognised(f"the provider does not say its {name}.")
        return found

    def _asked(self, address: str) -> dict[str, Any]:
        answer = requests.get(address, timeout=PROVIDER_S)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError(f"{address} holds no object")  # noqa: TRY004 - what is wrong is the answer
        return found
