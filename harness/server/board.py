"""The board: how every roll-out stands, for people. HTML from the server, no script, nothing from elsewhere."""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from harness.rollout.decision import State
from harness.server.api import Reading, halt
from harness.server.desk import Desk
from harness.server.door import BOARD, COOKIE
from harness.server.pages import HEADERS, form_of, template, token_on
from harness.server.settings import Scope, Token
from harness.server.standing import Standing, standings


class Board:
    """The pages under `/board`. Reading needs the scope `read`, halting the scope `halt`."""

    def __init__(self, desk: Callable[[], Desk], reading: Reading) -> None:
        self._desk, self._reading = desk, reading
        self._template = template("board.html.j2")

    def routes(self) -> list[Route]:
        """For starlette."""
        return [
            Route(BOARD, self._page),
            Route(f"{BOARD}/login", self._login, methods=["POST"]),
            Route(f"{BOARD}/logout", self._logout, methods=["POST"]),
            Route(f"{BOARD}/halt", self._halt, methods=["POST"]),
        ]

    async def _page(self, request: Request) -> Response:
        return await asyncio.to_thread(self._shown, token_on(request))

    def _shown(self, token: Token | None, mistake: str = "") -> Response:
        if token is not None and Scope.READ not in token.scopes:
            mistake, token = f"Token {token.name} lacks the scope read.", None
        found, rule = list[Standing](), self._desk().settings.rule
        if token is not None:
            with self._reading() as store:
                found, rule = standings(store)
        text = self._template.render(
            token=token,
            mistake=mistake,
            standings=found,
            rule=rule,
            now=time.time(),
            may_halt=token is not None and Scope.HALT in token.scopes,
            running=State.RUNNING,
            oidc=self._desk().settings.oidc,
            ledger=bool(self._desk().settings.ledger),
        )
        return HTMLResponse(text, 403 if mistake else 200, HEADERS)

    async def _login(self, request: Request) -> Response:
        secret = (await form_of(request)).get("token", "").strip()
        token = self._desk().token(secret.encode())
        if token is None or Scope.READ not in token.scopes:
            mistake = "This token is not known." if token is None else "This token lacks the scope read."
            return await asyncio.to_thread(self._shown, None, mistake)
        answer = RedirectResponse(BOARD, 303, HEADERS)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, quote(secret), path=BOARD, secure=secure, httponly=True, samesite="strict")
        return answer

    async def _logout(self, request: Request) -> Response:
        await form_of(request)
        answer = RedirectResponse(BOARD, 303, HEADERS)
        answer.delete_cookie(COOKIE, path=BOARD, httponly=True, samesite="strict")
        return answer

    async def _halt(self, request: Request) -> Response:
        form, token = await form_of(request), token_on(request)
        if token is None or Scope.HALT not in token.scopes:
            raise HTTPException(403, "halting needs a token with the scope halt.")
        reason = form.get("reason", "").strip()
        if not reason:
            raise HTTPException(400, "a halt needs a reason.")
        halt(self._desk(), self._reading, form.get("release", ""), token.name, reason)
        return RedirectResponse(BOARD, 303, HEADERS)
