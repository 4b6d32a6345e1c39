"""Promotions over HTTP: the same service as the commands', so that every refusal is the same sentence."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from harness.model.base import Frozen, NotEmpty
from harness.model.errors import ConfigurationError
from harness.promotion.answer import Answer, denied, of_entry, of_halt, of_refusal, of_request, of_rollback
from harness.promotion.board import Board, State
from harness.promotion.denial import Refused
from harness.promotion.entries import CandidateRef, Words
from harness.promotion.waiting import waits
from harness.server.bodies import BODY_LIMIT, read_body
from harness.server.clerk import Clerk
from harness.server.guarded import needs, token_of
from harness.server.logs import log
from harness.server.settings import Scope

BUNDLE_LIMIT = 64 * 1024 * 1024
"""Bytes. A bundle of ten thousand cells has 48 MB."""


class Why(Frozen):
    """A reason, which stays on the record."""

    reason: Words = ""


class Promote(Why):
    """A candidate and its gate."""

    candidate: CandidateRef
    tier: NotEmpty
    bundle: str | None = Field(default=None, description="the text of gate.intoto.jsonl")
    beside: dict[str, str] = Field(
        default_factory=dict, description="SHA-256 by name of the files beside the candidate"
    )


class Raise(Why):
    """The next share."""

    percent: Annotated[float, Field(gt=0, le=100)]


class RollBack(Why):
    """Where hosts go back to; the newest way back if not given."""

    to: str | None = None


class SignedEntry(Frozen):
    """An entry that a person has signed with a key of their own."""

    entry: NotEmpty
    bundle: str | None = None


class Promotions:
    """The routes. Each answers what the command's `--json` says; a refusal is 409, something that waits 202."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk

    def routes(self) -> list[Route]:
        """For starlette."""
        post = ["POST"]
        at = "/v1/tiers/{tier}/{candidate}"
        return [
            Route("/v1/promotions", needs(Scope.READ, self._status), methods=["GET"]),
            Route("/v1/promotions", needs(Scope.PROMOTE, self._promote), methods=post),
            Route("/v1/promotions/{request}/approve", needs(Scope.APPROVE, self._approve), methods=post),
            Route("/v1/promotions/{request}/reject", needs(Scope.APPROVE, self._reject), methods=post),
            Route(f"{at}/halt", needs(Scope.HALT, self._halt), methods=post),
            Route(f"{at}/rollback", needs(Scope.HALT, self._rollback), methods=post),
            Route(f"{at}/resume", needs(Scope.PROMOTE, self._resume), methods=post),
            Route(f"{at}/raise", needs(Scope.PROMOTE, self._raise), methods=post),
            Route("/v1/entries", needs(Scope.PROMOTE, self._entry), methods=post),
        ]

    async def _promote(self, request: Request) -> Response:
        body = await read_body(request, Promote, BUNDLE_LIMIT)
        bundle = None if body.bundle is None else body.bundle.encode()

        def act() -> Answer:
            found = self._clerk.promotion.promote(
                body.candidate,
                body.tier,
                bundle,
                self._clerk.acting(token_of(request)),
                beside=body.beside,
                reason=body.reason,
            )
            return of_request(found)

        return await self._answered(request, act)

    async def _approve(self, request: Request) -> Response:
        return await self._decided(request, self._clerk.promotion.approve)

    async def _reject(self, request: Request) -> Response:
        return await self._decided(request, self._clerk.promotion.reject)

    async def _decided(self, request: Request, act: Callable[..., Any]) -> Response:
        body, asked = await read_body(request, Why), request.path_params["request"]
        return await self._answered(
            request,
            lambda: of_request(act(asked, self._clerk.acting(token_of(request)), body.reason)),
        )

    async def _halt(self, request: Request) -> Response:
        body, (candidate, tier) = await read_body(request, Why), _place(request)
        act = self._clerk.promotion.halt
        return await self._answered(
            request,
            lambda: of_halt(act(candidate, tier, self._clerk.acting(token_of(request)), body.reason)),
        )

    async def _rollback(self, request: Request) -> Response:
        body, (candidate, tier) = await read_body(request, RollBack), _place(request)
        act = self._clerk.promotion.roll_back
        return await self._answered(
            request,
            lambda: of_rollback(
                act(candidate, tier, self._clerk.acting(token_of(request)), body.to, body.reason)
            ),
        )

    async def _resume(self, request: Request) -> Response:
        body, (candidate, tier) = await read_body(request, Why), _place(request)
        act = self._clerk.promotion.resume
        return await self._answered(
            request,
            lambda: of_request(act(candidate, tier, self._clerk.acting(token_of(request)), body.reason)),
        )

    async def _raise(self, request: Request) -> Response:
        body, (candidate, tier) = await read_body(request, Raise), _place(request)
        act = self._clerk.promotion.raise_to
        return await self._answered(
            request,
            lambda: of_request(
                act(candidate, tier, body.percent, self._clerk.acting(token_of(request)), body.reason)
            ),
        )

    async def _entry(self, request: Request) -> Response:
        body = await read_body(request, SignedEntry, BUNDLE_LIMIT + BODY_LIMIT)
        bundle = None if body.bundle is None else body.bundle.encode()
        return await self._answered(
            request, lambda: of_entry(self._clerk.promotion.submit(body.entry.encode(), bundle))
        )

    async def _status(self, _: Request) -> Response:
        promotion = self._clerk.promotion
        board = await asyncio.to_thread(promotion.board)
        return JSONResponse(standing(board, promotion.now()))

    async def _answered(self, request: Request, act: Callable[[], Answer]) -> Response:
        answer = await asyncio.to_thread(_told, act)
        token, facts = token_of(request), answer.facts
        log("answered", path=request.scope["route"].path, who=token.person, state=facts["state"])
        return JSONResponse(answer.document | {"lines": answer.lines}, status_of(answer))


def _told(act: Callable[[], Answer]) -> Answer:
    try:
        return act()
    except Refused as refused:
        return of_refusal(refused)
    except ConfigurationError as error:
        return Answer({"state": "wrong", "error": str(error)}, [str(error)])


def status_of(answer: Answer) -> int:
    """What an answer is in HTTP."""
    by_state = {
        "open": HTTPStatus.ACCEPTED,
        "refused": HTTPStatus.CONFLICT,
        "wrong": HTTPStatus.NOT_FOUND,
    }
    return by_state.get(answer.facts["state"], HTTPStatus.OK)


def standing(board: Board, at: datetime) -> dict[str, Any]:
    """Who is where, and what is asked for, with what it waits for."""
    return {
        "placements": [
            {
                "candidate": each.candidate.model_dump(mode="json"),
                "tier": each.tier,
                "percent": each.percent,
                "halted": each.halted.model_dump(mode="json") if each.halted else None,
            }
            for each in board.placements.values()
        ],
        "requests": [
            {
                "request": each.id,
                "by": each.request.by,
                "what": each.request.what.value,
                "tier": each.request.tier,
                "percent": each.request.percent,
                "candidate": each.request.candidate.model_dump(mode="json")
                if each.request.candidate
                else None,
                "approved_by": sorted(each.approvals),
                "novelty": each.novelty.model_dump(mode="json") if each.novelty else None,
                "waits": denied(waits(board, each, at)),
            }
            for each in board.asked.values()
            if each.state is State.OPEN
        ],
    }


def _place(request: Request) -> tuple[str, str]:
    return request.path_params["candidate"], request.path_params["tier"]
