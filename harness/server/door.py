"""The way in: token, rate limit, and the one path that every host's update server asks all the time.

That path is served here, without the router: at some thousand requests a second each step counts. All others are
starlette's (`api.py`).
"""

import hashlib
import json
import math
import time
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from harness.model.errors import InfrastructureError
from harness.server import metrics
from harness.server.counter import Answer, Counter
from harness.server.desk import Desk
from harness.server.limits import Bucket
from harness.server.logs import log
from harness.server.questions import WrongQuestion, read_question
from harness.server.sessions import Sessions
from harness.server.settings import Scope as Permission
from harness.server.settings import Token

DECISION = "/v1/decision"
OPEN = ("/healthz", "/openapi.json")
"""Whoever may connect may ask these."""

BOARD = "/board"
"""For people: the token is in a cookie, or there is none yet."""
COOKIE = "bvt"
PAGES = (BOARD, "/answer/")
"""Whoever comes here has no token yet, or a signed link instead."""
STRANGERS_PER_S = 10.0
"""Requests to the board without a token, in each worker: also how quickly tokens can be tried."""

Headers = list[tuple[bytes, bytes]]
_JSON: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"private, no-cache")]


class Door:
    """An ASGI application before another one. It puts the `token` into the scope's state."""

    def __init__(
        self,
        app: ASGIApp,
        desk: Callable[[], Desk],
        counter: Counter,
        tallies: metrics.Tallies,
        sessions: Sessions,
    ) -> None:
        self._app, self._desk, self._counter, self._tallies = app, desk, counter, tallies
        self._sessions = sessions
        self._buckets: dict[str, tuple[float, Bucket]] = {}
        self._callers: dict[bytes, tuple[Token, Bucket]] = {}
        self._strangers = Bucket(STRANGERS_PER_S)
        self._guests: dict[str, Bucket] = {}
        self._known_by: Desk | None = None
        self._bodies: dict[tuple[str, str, str, str], tuple[bytes, Headers]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        secret = known = cookie = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                secret = value
            elif name == b"if-none-match":
                known = value
            elif name == b"cookie":
                cookie = value
        page = scope["path"].startswith(PAGES)
        if page:
            secret = b"Bearer " + _cookie(cookie)
        caller: tuple[Token | None, Bucket] | None = self._caller(secret)
        if caller is None and page:
            caller = self._guest(secret[7:])
        if caller is None:
            await self._refuse(scope, send, 401, "a token is needed: Authorization: Bearer TOKEN.")
            return
        token, bucket = caller
        wait_s = bucket.take()
        if wait_s:
            retry = [(b"retry-after", str(math.ceil(wait_s)).encode())]
            who = f"token {token.name}" if token else "without a token"
            await self._refuse(scope, send, 429, f"{who}: too many requests.", retry)
            return
        if token is not None and scope["path"] == DECISION and scope["method"] == "GET":
            await self._decide(scope, send, token, known, began)
            return
        scope.setdefault("state", {})["token"] = token
        await self._app(scope, receive, send)

    async def _decide(self, scope: Scope, send: Send, token: Token, known: bytes, began: float) -> None:
        if Permission.DECIDE not in token.scopes:
            await self._refuse(scope, send, 403, f"token {token.name} lacks the scope decide.")
            return
        try:
            product, endpoint = read_question(scope["query_string"])
        except WrongQuestion as error:
            await self._refuse(scope, send, 400, str(error))
            return
        try:
            answer = await self._counter.answer(product, endpoint)
        except InfrastructureError as error:  # an offer that is not on record is not made
            await self._refuse(scope, send, 503, str(error), [(b"retry-after", b"5")])
            return
        if answer is None:
            await self._refuse(scope, send, 404, f"there is no product {product!r}.")
            return
        body, headers = self._body(product, answer)
        same = bool(known) and known == headers[0][1]
        await _respond(send, 304 if same else 200, b"" if same else body, headers)
        status, reason = "304" if same else "200", answer.decision.reason.value
        self._tallies.decided(DECISION, status, product, reason, time.perf_counter() - began)

    def _body(self, product: str, answer: Answer) -> tuple[bytes, Headers]:
        """The answer's bytes and headers, the ETag first. Few hosts' answers differ, so they are kept."""
        decision = answer.decision
        key = (product, answer.release, decision.version, decision.reason)
        kept = self._bodies.get(key)
        if kept is not None and not decision.wait_s:
            return kept
        document = {
            "product": product,
            "version": decision.version,
            "release": answer.release,
            "reason": decision.reason.value,
        }
        body = json.dumps(document).encode()
        headers = [(b"etag", b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'), *_JSON]
        headers.append((b"content-length", str(len(body)).encode()))
        if decision.wait_s:
            return body, [*headers, (b"retry-after", str(math.ceil(decision.wait_s)).encode())]
        return self._bodies.setdefault(key, (body, headers))

    def _caller(self, authorization: bytes) -> tuple[Token, Bucket] | None:
        """Whose request it is. Those of the desk's own tokens are kept, so that a digest is reckoned once for each."""
        desk = self._desk()
        if desk is not self._known_by:
            self._known_by, self._callers = desk, {}
        kept = self._callers.get(authorization)
        if kept is None and authorization[:7].lower() == b"bearer ":
            token = desk.token(authorization[7:])
            if token is None:
                return None
            rate, bucket = self._buckets.get(token.name, (0.0, None))
            if bucket is None or rate != token.per_s:
                bucket = Bucket(token.per_s / desk.settings.workers)
                self._buckets[token.name] = token.per_s, bucket
            kept = self._callers[authorization] = token, bucket
        return kept

    def _guest(self, cookie: bytes) -> tuple[Token | None, Bucket]:
        """Whoever has logged in by a provider of identities; else a stranger. One does not hold up the other."""
        guest = self._sessions.guest(cookie, self._desk().settings)
        if guest is None:
            return None, self._strangers
        return guest, self._guests.setdefault(guest.name, Bucket(STRANGERS_PER_S))

    async def _refuse(
        self, scope: Scope, send: Send, status: int, sentence: str, headers: Headers | None = None
    ) -> None:
        path = DECISION if scope["path"] == DECISION else "other"
        metrics.REQUESTS.labels(path, str(status)).inc()
        log("refused", path=path, status=status, reason=sentence)
        body = json.dumps({"error": sentence}).encode()
        length = (b"content-length", str(len(body)).encode())
        await _respond(send, status, body, [*_JSON, length, *(headers or [])])


async def _respond(send: Send, status: int, body: bytes, headers: Headers) -> None:
    if status == 304:
        headers = [each for each in headers if each[0] not in (b"content-length", b"content-type")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _cookie(header: bytes) -> bytes:
    """The board's token in a Cookie header."""
    for part in header.split(b";"):
        name, _, value = part.strip().partition(b"=")
        if name == COOKIE.encode():
            return unquote_to_bytes(value)
    return b""
