"""The board: how every roll-out stands, for people. HTML from the server, no script, nothing from elsewhere."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from harness.rollout.decision import State
from harness.server.api import Reading, halt
from harness.server.desk import Desk
from harness.server.door import BOARD, COOKIE
from harness.server.settings import Scope, Token
from harness.server.standing import Standing, standings

BODY_LIMIT = 10_000
WIDTH, HEIGHT = 320, 60
"""Of the curve, in pixels."""

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
}


class Board:
    """The pages under `/board`. Reading needs the scope `read`, halting the scope `halt`."""

    def __init__(self, desk: Callable[[], Desk], reading: Reading) -> None:
        self._desk, self._reading = desk, reading
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(moment=moment, curve=curve)
        self._template = environment.get_template("board.html.j2")

    def routes(self) -> list[Route]:
        """For starlette."""
        return [
            Route(BOARD, self._page),
            Route(f"{BOARD}/login", self._login, methods=["POST"]),
            Route(f"{BOARD}/logout", self._logout, methods=["POST"]),
            Route(f"{BOARD}/halt", self._halt, methods=["POST"]),
        ]

    async def _page(self, request: Request) -> Response:
        return await asyncio.to_thread(self._shown, _token(request))

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
            width=WIDTH,
            height=HEIGHT,
        )
        return HTMLResponse(text, 403 if mistake else 200, _HEADERS)

    async def _login(self, request: Request) -> Response:
        secret = (await _form(request)).get("token", "").strip()
        token = self._desk().token(secret.encode())
        if token is None or Scope.READ not in token.scopes:
            mistake = "This token is not known." if token is None else "This token lacks the scope read."
            return await asyncio.to_thread(self._shown, None, mistake)
        answer = RedirectResponse(BOARD, 303, _HEADERS)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, quote(secret), path=BOARD, secure=secure, httponly=True, samesite="strict")
        return answer

    async def _logout(self, request: Request) -> Response:
        await _form(request)
        answer = RedirectResponse(BOARD, 303, _HEADERS)
        answer.delete_cookie(COOKIE, path=BOARD, httponly=True, samesite="strict")
        return answer

    async def _halt(self, request: Request) -> Response:
        form, token = await _form(request), _token(request)
        if token is None or Scope.HALT not in token.scopes:
            raise HTTPException(403, "halting needs a token with the scope halt.")
        reason = form.get("reason", "").strip()
        if not reason:
            raise HTTPException(400, "a halt needs a reason.")
        halt(self._desk(), self._reading, form.get("release", ""), token.name, reason)
        return RedirectResponse(BOARD, 303, _HEADERS)


def moment(at: float) -> str:
    """A time for people, in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def curve(offered: Sequence[float], now: float) -> str:
    """The points of a line: hosts reached, from the first offer until now, in `WIDTH` by `HEIGHT` pixels."""
    if not offered:
        return ""
    begin, most = offered[0], len(offered)
    span = max(now - begin, 1.0)
    step = max(1, most // WIDTH)
    points = [((at - begin) / span, (number + 1) / most) for number, at in enumerate(offered)]
    kept = [(0.0, 0.0), *points[::step], (1.0, 1.0)]
    return " ".join(f"{x * WIDTH:.1f},{HEIGHT - y * (HEIGHT - 2) - 1:.1f}" for x, y in kept)


def _token(request: Request) -> Token | None:
    token = request.scope["state"]["token"]
    assert token is None or isinstance(token, Token)
    return token


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form that this board has sent: another site's is refused, beside the cookie's SameSite."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "this form comes from another site.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, f"the form is larger than {BODY_LIMIT} bytes.")
    fields = parse_qs(body.decode("utf-8", "replace"))
    return {name: values[0] for name, values in fields.items()}
