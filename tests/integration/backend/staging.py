"""A small staging backend such as a team might have: an osquery server seen through its operators' interface.

It stands on the embedded backend for the agents' side; the operators' side is of its own making.
"""

import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.store import Kind
from harness.model.deadline import Deadline
from harness.model.errors import BackendError, CandidateError

TOKEN = "operators-token-5Q"


Answer = Callable[[Request], Response]


class Staging:
    """The operators' HTTP interface: hosts, results, status, configuration, live queries."""

    def __init__(self, backend: EmbeddedBackend, team: str) -> None:
        self._backend, self._team = backend, team
        self.failures: list[int] = []  # status codes for the next requests
        self.age_s = 0.0  # how much older everything claims to be
        self._answers: dict[str, dict[str, object]] = {}
        self.application = Starlette(
            routes=[
                Route("/api/hosts/{identifier}", self._guarded(self._host)),
                Route("/api/results", self._guarded(self._results)),
                Route("/api/status", self._guarded(self._status)),
                Route("/api/config", self._guarded(self._configure), methods=["PUT"]),
                Route("/api/queries", self._guarded(self._start), methods=["POST"]),
                Route("/api/queries/{id}", self._guarded(self._finish)),
            ]
        )

    def _guarded(self, endpoint: Answer) -> Callable[[Request], Awaitable[Response]]:
        def guarded(request: Request) -> Response:
            if TOKEN not in (request.headers.get("x-api-key"), request.headers.get("authorization", "")[7:]):
                return Response(f"who is {request.headers.get('authorization')}?", 401)
            if self.failures:
                return Response("try again", self.failures.pop(0))
            return endpoint(request)

        async def asynchronous(request: Request) -> Response:
            request.state.body = await request.body()
            return guarded(request)

        return asynchronous

    def _host(self, request: Request) -> Response:
        found = self._backend.wait_enrolled(self._team, Deadline.after(0))
        if found is None or found.host_identifier != request.path_params["identifier"]:
            return Response("no such host", 404)
        host = {
            "id": found.host_identifier,
            "osquery_version": found.version,
            "computer": {"name": found.hostname, "uuid": found.uuid, "os": found.os_version},
            "enrolled": (found.enrolled_at - self.age_s) * 1000,
            "seen": (found.last_seen - self.age_s) * 1000,
        }
        return JSONResponse({"host": host})

    def _results(self, request: Request) -> Response:
        rows = [
            {"query_name": e.query, "change": e.action, "row": dict(e.columns), "at": e.received_at * 1000}
            for e in self._backend.events(self._team, request.query_params["query"] or None)
        ]
        return JSONResponse({"results": rows})

    def _status(self, _request: Request) -> Response:
        found = self._backend._admissions.items(self._team, Kind.STATUS)
        lines = [
            {"text": item.body["message"], "level": item.body["severity"], "at": item.at * 1000}
            for item in found
        ]
        return JSONResponse({"lines": lines})

    def _configure(self, request: Request) -> Response:
        self._backend.configure(self._team, request.state.body.decode())
        return Response(status_code=204)

    def _start(self, request: Request) -> Response:
        sql = json.loads(request.state.body)["sql"]
        number = str(len(self._answers) + 1)
        self._answers[number] = {"state": "running"}

        def ask() -> None:
            try:
                rows = self._backend.ask(self._team, sql, Deadline.after(30))
                self._answers[number] = {"state": "done", "rows": rows, "code": 0}
            except (CandidateError, BackendError) as error:
                self._answers[number] = {"state": "done", "rows": None, "code": 1, "why": str(error)}

        threading.Thread(target=ask, daemon=True).start()
        return JSONResponse({"query": {"id": number}}, 201)

    def _finish(self, request: Request) -> Response:
        return JSONResponse(self._answers[request.path_params["id"]])


@contextmanager
def serving(application: Starlette, **tls: Any) -> Iterator[int]:
    """Serve on loopback, over plain HTTP if `tls` (options of uvicorn's) is empty; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    how = uvicorn.Config(application, log_config=None, log_level="error", lifespan="off", **tls)
    server = uvicorn.Server(how)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    Deadline.after(30).poll(lambda: server.started, "the staging server's start")
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
