"""What is answered below `/wsman` over HTTP: who may ask, and messages that are sealed (MS-WSMV 2.2.9)."""

import logging

from . import encryption, responses
from .authentication import Authenticator, ConnectionIdentity, Outcome
from .caller import Caller
from .config import ServerConfig
from .door import Door
from .http import HttpRequest, HttpResponse
from .operations import PRODUCT_VERSION, Service
from .pace import Pace

log = logging.getLogger("winrmd")

_PATH = "/wsman"
_PATH_ANONYMOUS = "/wsman-anon/identify"
LONGEST_PACE_S = 10.0
"""How long one answer to wrong credentials is held back."""


class Endpoint:
    """The answers of one server, as it is configured. Thread-safe. `secured`: its connections are TLS."""

    def __init__(
        self,
        config: ServerConfig,
        authenticator: Authenticator,
        service: Service,
        door: Door,
        pace: Pace,
        *,
        secured: bool,
    ) -> None:
        self._config, self._authenticator, self._service = config, authenticator, service
        self._door, self._pace, self._secured = door, pace, secured

    def respond(self, request: HttpRequest, identity: ConnectionIdentity, ip: str) -> HttpResponse:
        """The answer to one request of this connection, from that address."""
        path = request.path.lower().rstrip("/")
        if path not in (_PATH, _PATH_ANONYMOUS):
            return HttpResponse(404)
        if request.method != "POST":
            return HttpResponse(405, headers=(("Allow", "POST"),))
        if path == _PATH_ANONYMOUS or request.headers.get("wsmanidentify", "").lower() == "unauthenticated":
            return HttpResponse(200, responses.identified(PRODUCT_VERSION))
        authorization = request.headers.get("authorization")
        if authorization is not None:
            self._door.open.wait()
        outcome = identity.authenticate(authorization)
        told = tuple(("WWW-Authenticate", challenge) for challenge in outcome.challenges)
        if outcome.wrong:
            log.warning("wrong credentials from %s", ip)
            self._pace.wait(LONGEST_PACE_S)
        if outcome.user is None:
            return HttpResponse(401, headers=told)
        return self._answer(request, outcome, outcome.user, told, ip)

    def _answer(
        self, request: HttpRequest, outcome: Outcome, user: str, told: tuple[tuple[str, str], ...], ip: str
    ) -> HttpResponse:
        if not request.body:  # a client that only authenticates, before it can seal its first message
            return HttpResponse(200, headers=told)
        caller = Caller(user, ip)
        content_type = request.headers.get("content-type", "")
        if encryption.is_encrypted(content_type):
            if outcome.sealer is None:
                return HttpResponse(
                    401, headers=tuple(("WWW-Authenticate", o) for o in self._authenticator.offers)
                )
            try:
                message = encryption.decrypt(request.body, outcome.sealer)
            except encryption.Unreadable as error:
                log.warning("message from %s cannot be decrypted: %s", ip, error)
                return HttpResponse(400, close=True)
            answer = self._service.answer(message, caller)
            sealed = encryption.encrypt(answer.body, outcome.sealer)
            return HttpResponse(answer.status, sealed, told, encryption.MEDIA_TYPE)
        if not self._secured and not self._config.allow_unencrypted:
            return HttpResponse(403, close=True)
        answer = self._service.answer(request.body, caller)
        return HttpResponse(answer.status, answer.body, told)
