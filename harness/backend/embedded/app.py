"""The osquery TLS remote API as an ASGI application.

Whatever comes is answered and on record, under its cell where the request lets it be named.

Source: osquery documentation, "Remote settings", section "Remote server API".
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from harness.backend.embedded.admissions import Admissions
from harness.backend.embedded.bodies import parse_enrolment
from harness.backend.embedded.content import ANSWERED, Content, content_of
from harness.backend.embedded.large import SMALL, LargeBodies
from harness.backend.embedded.records import Record
from harness.backend.embedded.store import Kind
from harness.backend.embedded.suffered import NODE_INVALID, Cut, as_json, suffer
from harness.backend.embedded.wire import BODY_LIMIT, Malformed, inflate, parse_object, text_of
from harness.model.errors import BackendError

PREFIXES = ("", "/api/v1/osquery", "/api/osquery")
TOO_LARGE = 413
FOR_SECRETS = ("authorization", "proxy-authorization", "cookie")
"""Headers that are made for what nobody may read: proxies leave them out of their logs."""

LOGS = {"result": Kind.EVENT, "status": Kind.STATUS}


@dataclass(frozen=True)
class Call:
    """An authenticated request."""

    cell: str
    node_key: str
    path: str
    content: Content


Action = Callable[[Call], Awaitable[bytes]]
"""Serves a call; gives the answer's body."""


class RemoteApi:
    """The routes. Requests are served on the event loop, each in a few milliseconds; large bodies are read elsewhere."""

    def __init__(self, admissions: Admissions, cut: Cut, large: LargeBodies) -> None:
        self._admissions, self._cut, self._large = admissions, cut, large
        self._actions: dict[str, Action] = {
            "/config": self._config,
            "/log": self._log,
            "/distributed/read": self._read,
            "/distributed/write": self._write,
        }

    def application(self) -> Starlette:
        """The ASGI application."""
        names = ("/enroll", *self._actions)
        routes = [
            Route(prefix + name, self._endpoint(name), methods=["POST"])
            for prefix in PREFIXES
            for name in names
        ]
        application = Starlette(routes=routes, exception_handlers={HTTPException: self._not_of_the_api})
        application.router.redirect_slashes = False  # a path of another server is said, not led elsewhere
        return application

    def _endpoint(self, name: str) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            cell = self._admissions.holder(_header_key(request))
            try:
                began, denied = time.time(), denies_body(request)
                with (
                    self._admissions.body_awaited(denied=denied),
                    tempfile.SpooledTemporaryFile(SMALL) as body,
                ):
                    content = await self._content(name, request, body)
                secret = text_of(content.document, "enroll_secret") if name == "/enroll" else ""
                node_key = "" if name == "/enroll" else text_of(content.document, "node_key")
                if denied:
                    self._admissions.waited(began, secret=secret, node_key=node_key)
                fault = self._admissions.fault_for(secret=secret, node_key=node_key)
                if fault is not None and (answer := await suffer(fault, request, self._cut)) is not None:
                    return answer
                if name == "/enroll":
                    answered = self._enrol(content.document, name)
                    given = str(answered.get("node_key", ""))
                    self._note_request(self._admissions.holder(given), name, request, secret)
                    return as_json(answered)
                named = self._admissions.cell_of(node_key, name)
                if named is None:
                    return as_json(NODE_INVALID)
                cell = named
                self._note_request(cell, name, request, node_key)
                if content.error is not None:
                    raise content.error
                served = await self._actions[name](Call(cell, node_key, name, content))
                return Response(served, media_type="application/json")
            except Malformed as error:
                self._admissions.malformed(cell, request.method, request.url.path, str(error))
                return as_json({"error": str(error)}, error.status)
            except RecursionError:
                self._admissions.malformed(
                    cell, request.method, request.url.path, "body is nested too deeply"
                )
                return as_json({"error": "body is nested too deeply"}, 400)
            except ClientDisconnect:
                return Response(
                    status_code=400
                )  # a machine that was cut off in mid-request; nobody reads this
            except BackendError as error:
                self._admissions.break_down(error)
                return as_json({"error": "the backend has failed"}, 500)

        return endpoint

    def _note_request(self, cell: str, name: str, request: Request, secret: str) -> None:
        """Count it, and keep what stands in its address or headers: proxies log that, so no secret may be there."""
        if not cell:
            return
        self._admissions.carried(cell, request.state.size)
        if request.url.query:
            self._admissions.addressed(cell, f"{name}?{request.url.query}")
        for header, value in request.headers.items():
            if secret and secret in value and header not in FOR_SECRETS:
                self._admissions.addressed(cell, f"{name}, header {header}: {value}")

    async def _content(self, name: str, request: Request, body: IO[bytes]) -> Content:
        size, encoding = 0, _encoding(request)
        async for chunk in request.stream():
            size += len(chunk)
            if size > BODY_LIMIT:
                raise Malformed(f"body is larger than {BODY_LIMIT} bytes", status=413)
            body.write(chunk)
        request.state.size = size
        if size <= SMALL:
            body.seek(0)
            try:
                return content_of(name, inflate(body.read(), encoding, SMALL))
            except Malformed as error:
                if error.status != TOO_LARGE:
                    raise
        return await asyncio.to_thread(self._large.read, name, encoding, body)

    def _enrol(self, document: Mapping[str, Any], path: str) -> Mapping[str, Any]:
        node_key = self._admissions.enrol(parse_enrolment(document), path)
        return NODE_INVALID if node_key is None else {"node_key": node_key, "node_invalid": False}

    async def _config(self, call: Call) -> bytes:
        return self._admissions.configuration(call.cell, call.path)

    async def _log(self, call: Call) -> bytes:
        kind = LOGS[text_of(call.content.document, "log_type")]
        if not await _each(
            call.content, lambda part: self._admissions.log(call.node_key, call.path, kind, part)
        ):
            return json.dumps(NODE_INVALID).encode()
        self._admissions.served(call.cell, call.path)
        return b'{"node_invalid": false}'

    async def _read(self, call: Call) -> bytes:
        questions = self._admissions.questions(call.cell, call.path)
        return json.dumps({"queries": questions, "node_invalid": False}).encode()

    async def _write(self, call: Call) -> bytes:
        ids = call.content.document[ANSWERED]
        self._admissions.asked(call.cell, ids)
        if not await _each(
            call.content, lambda part: self._admissions.answer(call.node_key, call.path, part)
        ):
            return json.dumps(NODE_INVALID).encode()
        self._admissions.answered(call.cell, call.path, ids)
        return b'{"node_invalid": false}'

    async def _not_of_the_api(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        message = f"{error.status_code} {error.detail}"
        try:
            cell = self._admissions.holder(_header_key(request) or await self._body_key(request))
            self._admissions.malformed(cell, request.method, request.url.path, message)
        except BackendError as failure:
            self._admissions.break_down(failure)
        return as_json({"error": error.detail}, error.status_code)

    @staticmethod
    async def _body_key(request: Request) -> str:
        """The node key that a request to a path of another API has in its body, such as the start of a carve."""
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > SMALL:
                    return ""  # a block of a carve
            return text_of(parse_object(inflate(bytes(body), _encoding(request), SMALL)), "node_key")
        except (Malformed, ClientDisconnect):
            return ""


def _header_key(request: Request) -> str:
    """The node key in `Authorization: NodeKey …`, which osquery sends beside the one in its body."""
    scheme, _, node_key = request.headers.get("authorization", "").partition(" ")
    return node_key.strip() if scheme.lower() == "nodekey" else ""


def denies_body(request: Request) -> bool:
    """Whether the head says that there is no body, and that it comes in chunks (RFC 9112, 6.3: the latter counts)."""
    return request.headers.get("content-length") == "0" and "transfer-encoding" in request.headers


def _encoding(request: Request) -> str:
    return request.headers.get("content-encoding", "")


async def _each(content: Content, store: Callable[[Sequence[Record]], bool]) -> bool:
    """Hand the records to `store` until it says False. Between two batches of a large body others have their turn."""
    batches = content.batches()

    def one() -> bool | None:
        batch = next(batches, None)
        return None if batch is None else store(batch)

    while (stored := await asyncio.to_thread(one) if content.apart else one()) is not None:
        if not stored:
            return False
    return True
