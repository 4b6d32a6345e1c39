"""The osquery TLS remote API as an ASGI application.

Source: osquery documentation, "Remote settings", section "Remote server API".
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from harness.backend.admissions import Admissions, PendingFault
from harness.backend.interface import FaultKind
from harness.backend.wire import (
    BODY_LIMIT,
    Malformed,
    inflate,
    parse_answers,
    parse_enrolment,
    parse_object,
    parse_results,
    parse_status,
    text_of,
)
from harness.model.errors import BackendError

PREFIXES = ("", "/api/v1/osquery", "/api/osquery")
NODE_INVALID = {"node_invalid": True}

Cut = Callable[[Scope], None]
"""Closes the connection of a request, without an answer."""

Action = Callable[[str, str, Mapping[str, Any]], bytes]
"""Serves an authenticated request: (cell, path, body) → the answer's body."""


class RemoteApi:
    """The routes. Every request is served on the event loop: each takes well under a millisecond."""

    def __init__(self, admissions: Admissions, cut: Cut) -> None:
        self._admissions, self._cut = admissions, cut
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
        return Starlette(routes=routes, exception_handlers={HTTPException: self._not_of_the_api})

    def _endpoint(self, name: str) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            cell = ""
            try:
                document = parse_object(await _body(request))
                secret = text_of(document, "enroll_secret") if name == "/enroll" else ""
                node_key = "" if secret or name == "/enroll" else text_of(document, "node_key")
                fault = self._admissions.fault_for(secret=secret, node_key=node_key)
                if fault is not None and (answer := await self._suffer(fault)) is not None:
                    return answer
                if name == "/enroll":
                    return _json(self._enrol(document, name))
                named = self._admissions.cell_of(node_key, name)
                if named is None:
                    return _json(NODE_INVALID)
                cell = named
                return Response(self._actions[name](cell, name, document), media_type="application/json")
            except Malformed as error:
                self._admissions.malformed(cell, request.method, request.url.path, str(error))
                return _json({"error": str(error)}, error.status)
            except RecursionError:
                self._admissions.malformed(
                    cell, request.method, request.url.path, "body is nested too deeply"
                )
                return _json({"error": "body is nested too deeply"}, 400)
            except ClientDisconnect:
                return Response(
                    status_code=400
                )  # a machine that was cut off in mid-request; nobody reads this
            except BackendError as error:
                self._admissions.break_down(error)
                return _json({"error": "the backend has failed"}, 500)

        return endpoint

    def _enrol(self, document: Mapping[str, Any], path: str) -> Mapping[str, Any]:
        node_key = self._admissions.enrol(parse_enrolment(document), path)
        return NODE_INVALID if node_key is None else {"node_key": node_key, "node_invalid": False}

    def _config(self, cell: str, path: str, _document: Mapping[str, Any]) -> bytes:
        return self._admissions.configuration(cell, path)

    def _log(self, cell: str, path: str, document: Mapping[str, Any]) -> bytes:
        match text_of(document, "log_type"):
            case "result":
                self._admissions.log_results(cell, path, parse_results(document))
            case "status":
                self._admissions.log_status(cell, path, parse_status(document))
            case other:
                raise Malformed(f"log_type is {other[:40]!r}, expected result or status")
        return b'{"node_invalid": false}'

    def _read(self, cell: str, path: str, _document: Mapping[str, Any]) -> bytes:
        questions = self._admissions.questions(cell, path)
        return json.dumps({"queries": questions, "node_invalid": False}).encode()

    def _write(self, cell: str, path: str, document: Mapping[str, Any]) -> bytes:
        self._admissions.answer(cell, path, parse_answers(document))
        return b'{"node_invalid": false}'

    async def _suffer(self, fault: PendingFault) -> Response | None:
        """Misbehave. None: go on and serve the request after all."""
        match fault.kind:
            case FaultKind.DELAY:
                await asyncio.sleep(fault.seconds)
                return None
            case FaultKind.ERROR_500:
                return _json({"error": "told to fail"}, 500)
            case FaultKind.NODE_INVALID:
                return _json(NODE_INVALID)
            case FaultKind.DROP:
                return _Dropped(self._cut)

    async def _not_of_the_api(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        message = f"{error.status_code} {error.detail}"
        try:
            self._admissions.malformed("", request.method, request.url.path, message)
        except BackendError as failure:
            self._admissions.break_down(failure)
        return _json({"error": error.detail}, error.status_code)


class _Dropped(Response):
    """No answer at all: the connection is closed instead."""

    def __init__(self, cut: Cut) -> None:
        super().__init__()
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        self._cut(scope)
        while (await receive())["type"] != "http.disconnect":
            pass  # the server takes a silent return for an error unless it has seen the connection go


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise Malformed(f"body is larger than {BODY_LIMIT} bytes", status=413)
        chunks.append(chunk)
    return inflate(b"".join(chunks), request.headers.get("content-encoding", ""))


def _json(document: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status_code=status, media_type="application/json")
