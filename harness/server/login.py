"""`/board/oidc/…`: log in at a provider of identities, and come back as a person of tiers.yaml."""

import asyncio
import secrets
import threading
from collections.abc import Callable
from hmac import compare_digest

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from harness.server.door import BOARD, COOKIE
from harness.server.identity import NotRecognised, Provider
from harness.server.logs import log
from harness.server.pages import HEADERS, template
from harness.server.sessions import Sessions
from harness.server.settings import Oidc, Settings

LOGIN = f"{BOARD}/oidc"
ERRAND = "bvt-login"
"""Cookie of a login that was begun."""
ERRAND_S = 600


class Login:
    """Two paths. Without `oidc` in the settings they are not there."""

    def __init__(self, settings: Callable[[], Settings], sessions: Sessions) -> None:
        self._settings, self._sessions = settings, sessions
        self._lock = threading.Lock()
        self._providers: dict[tuple[str, str, str], Provider] = {}
        self._template = template("login.html.j2")

    def routes(self) -> list[Route]:
        """For starlette."""
        return [Route(f"{LOGIN}/login", self._begin), Route(f"{LOGIN}/callback", self._back)]

    def _provider(self) -> tuple[Oidc, Provider]:
        settings = self._settings()
        oidc = settings.oidc
        if oidc is None:
            raise HTTPException(404, "this server knows no provider of identities.")
        key = oidc.issuer, oidc.client_id, settings.public_url
        callback = f"{settings.public_url.rstrip('/')}{LOGIN}/callback"
        with self._lock:
            return oidc, self._providers.setdefault(key, Provider(oidc, callback))

    async def _begin(self, request: Request) -> Response:
        _, provider = self._provider()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        try:
            errand = await asyncio.to_thread(provider.begin, state, nonce, verifier)
        except NotRecognised as error:
            return self._refused(str(error), 502)
        answer = RedirectResponse(errand.address, 303, HEADERS)
        kept = self._sessions.errand({"state": state, "nonce": nonce, "verifier": verifier})
        # Not strict: the way back from the provider is from another site.
        answer.set_cookie(
            ERRAND,
            kept,
            max_age=ERRAND_S,
            path=LOGIN,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return answer

    async def _back(self, request: Request) -> Response:
        oidc, provider = self._provider()
        errand = self._sessions.read_errand(request.cookies.get(ERRAND, ""))
        state = request.query_params.get("state", "")
        if errand is None or not compare_digest(str(errand.get("state", "")).encode(), state.encode()):
            return self._refused("this login was not begun in this browser, or too long ago.", 403)
        if why := request.query_params.get("error"):
            return self._refused(f"the provider refuses: {why[:100]}.", 403)
        try:
            identity = await asyncio.to_thread(
                provider.identity, str(request.url), str(errand["nonce"]), str(errand["verifier"])
            )
        except NotRecognised as error:
            return self._refused(str(error), 403)
        if identity not in oidc.people:
            log("stranger", issuer=oidc.issuer)
            return self._refused(f"{identity} is nobody here: serve.yaml names people under oidc.", 403)
        # A page and no redirect: a strict cookie is not sent where another site's page has led.
        answer = HTMLResponse(
            self._template.render(mistake="", person=oidc.people[identity].person), 200, HEADERS
        )
        answer.delete_cookie(ERRAND, path=LOGIN)
        answer.set_cookie(
            COOKIE,
            self._sessions.cookie(identity, oidc.issuer, oidc.hours),
            max_age=int(oidc.hours * 3600),
            path=BOARD,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        log("logged in", who=oidc.people[identity].person)
        return answer

    def _refused(self, mistake: str, status: int) -> Response:
        log("login refused", reason=mistake)
        return HTMLResponse(self._template.render(mistake=mistake, person=""), status, HEADERS)
