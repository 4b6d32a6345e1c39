"""All paths but the decision: health intake, roll-outs, halt, metrics, OpenAPI."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Lifespan

from harness.model.base import Frozen, NotEmpty
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.rollout.halt import Harm
from harness.server import metrics
from harness.server.bodies import read_body
from harness.server.desk import Desk
from harness.server.guarded import needs, token_of
from harness.server.logs import log
from harness.server.openapi import document
from harness.server.questions import LONGEST
from harness.server.recorder import Recorder
from harness.server.settings import Scope
from harness.server.standing import Standing, standings
from harness.server.store import Order, Sign, Store

MOST_REPORTS = 5_000

Reading = Callable[[], AbstractContextManager[Store]]
"""Opens the store anew, for what takes longer than a request may hold the loop."""


class Report(Frozen):
    """What was heard of a host. Silence is not reported: it is found."""

    endpoint: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    kind: Literal["check-in", "crash", "uninstall"]


class Reports(Frozen):
    """A batch of them."""

    reports: Annotated[tuple[Report, ...], Field(min_length=1, max_length=MOST_REPORTS)]


class HaltOrder(Frozen):
    """Why a release is halted."""

    reason: NotEmpty


class Api:
    """What is asked besides decisions: health, roll-outs, halts, metrics."""

    def __init__(self, desk: Callable[[], Desk], recorder: Recorder, reading: Reading) -> None:
        self._desk, self._recorder, self._reading = desk, recorder, reading

    def application(self, lifespan: Lifespan[Starlette], more: Sequence[Route] = ()) -> Starlette:
        """The application, without the door before it."""
        return Starlette(
            routes=[
                Route("/healthz", self._alive),
                Route("/openapi.json", self._openapi),
                Route("/metrics", needs(Scope.METRICS, self._metrics)),
                Route("/v1/health", needs(Scope.HEALTH, self._health), methods=["POST"]),
                Route("/v1/rollouts", needs(Scope.READ, self._rollouts)),
                Route("/v1/rollouts/{release:path}/halt", needs(Scope.HALT, self._halt), methods=["POST"]),
                *more,
            ],
            exception_handlers={
                HTTPException: _refused,
                InfrastructureError: _unavailable,
                ConfigurationError: _unavailable,
            },
            lifespan=lifespan,
        )

    async def _alive(self, _: Request) -> Response:
        return JSONResponse({"settings": self._desk().generation})

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(_described))

    async def _metrics(self, _: Request) -> Response:
        text, media_type = await asyncio.to_thread(metrics.exposition)
        return Response(text, media_type=media_type)

    async def _health(self, request: Request) -> Response:
        reports = (await read_body(request, Reports)).reports
        now = time.time()
        await self._recorder.keep([Sign(each.endpoint, now, _harm(each)) for each in reports])
        for each in reports:
            metrics.REPORTS.labels(each.kind).inc()
        return JSONResponse({"accepted": len(reports)}, 202)

    async def _rollouts(self, _: Request) -> Response:
        found = await asyncio.to_thread(self._standings)
        return JSONResponse({"rollouts": [each.document() for each in found]})

    def _standings(self) -> list[Standing]:
        with self._reading() as store:
            return standings(store)[0]

    async def _halt(self, request: Request) -> Response:
        reason = (await read_body(request, HaltOrder)).reason
        release = request.path_params["release"]
        new = halt(self._desk(), self._reading, release, token_of(request).name, reason)
        return JSONResponse({"release": release, "halted": True, "new": new})


def halt(desk: Desk, reading: Reading, release: str, who: str, reason: str) -> bool:
    """Halt a release: one person does. All workers know within a second. False: it was halted before."""
    if desk.rollout(release) is None:
        raise HTTPException(404, f"there is no release {release!r} on its way.")
    with reading() as store:
        new = store.order(Order(release, who, reason, time.time()))
    if new:
        log("halted", release=release, who=who, reason=reason)
    return new


def _harm(report: Report) -> Harm | None:
    return None if report.kind == "check-in" else Harm(report.kind)


def _described() -> dict[str, Any]:
    from harness.server.promotions_openapi import promotion_paths

    return document(Reports, HaltOrder, promotion_paths())


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    metrics.REQUESTS.labels("other", str(error.status_code)).inc()
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _unavailable(_: Request, error: Exception) -> Response:
    log("unavailable", reason=str(error))
    return JSONResponse({"error": str(error)}, 503, {"retry-after": "5"})
