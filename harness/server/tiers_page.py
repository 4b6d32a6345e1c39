"""The board's page of tiers: where each candidate stands, who agreed, what waits for whom, and forms that act.

A form does what the person's token may do, through the same service as the commands: a refusal is the same sentence.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from harness.model.errors import ConfigurationError
from harness.model.inventory import novelty_words
from harness.promotion.answer import Answer, of_halt, of_refusal, of_request, of_rollback
from harness.promotion.denial import Refused
from harness.promotion.overview import overview
from harness.promotion.telling import names_in, told_of
from harness.server.api import Reading
from harness.server.clerk import Clerk
from harness.server.door import BOARD
from harness.server.logs import log
from harness.server.pages import HEADERS, form_of, template, token_on
from harness.server.promotions import status_of
from harness.server.proofs import standing_of
from harness.server.settings import Scope, Settings, Token
from harness.server.standing import standings

TIERS = f"{BOARD}/tiers"
SHOWN = 40
"""Entries of the ledger; `bvt history` has all."""
NEEDED = {
    "approve": Scope.APPROVE,
    "reject": Scope.APPROVE,
    "halt": Scope.HALT,
    "rollback": Scope.HALT,
    "raise": Scope.PROMOTE,
    "resume": Scope.PROMOTE,
}
"""What each form takes."""


class TiersPage:
    """`/board/tiers`. Reading needs the scope `read`, acting the scope of the deed and a person."""

    def __init__(self, clerk: Clerk, settings: Callable[[], Settings], reading: Reading) -> None:
        self._clerk, self._settings, self._reading = clerk, settings, reading
        self._template = template("tiers.html.j2")

    def routes(self) -> list[Route]:
        """For starlette."""
        return [Route(TIERS, self._page), Route(f"{TIERS}/act", self._act, methods=["POST"])]

    async def _page(self, request: Request) -> Response:
        token = token_on(request)
        if token is None or Scope.READ not in token.scopes:
            return RedirectResponse(BOARD, 303, HEADERS)
        return await asyncio.to_thread(self._shown, token)

    async def _act(self, request: Request) -> Response:
        form, token = await form_of(request), token_on(request)
        wanted = NEEDED.get(form.get("do", ""))
        if wanted is None:
            raise HTTPException(400, "the form does not say what it does.")
        if token is None or wanted not in token.scopes:
            raise HTTPException(403, f"this takes a token with the scope {wanted.value}.")
        return await asyncio.to_thread(self._done, token, form)

    def _done(self, token: Token, form: Mapping[str, str]) -> Response:
        try:
            answer = self._answer(token, form)
        except Refused as refused:
            answer = of_refusal(refused)
        except ConfigurationError as error:
            answer = Answer({"state": "wrong"}, [str(error)])
        log("answered", path=TIERS, who=token.person, action=form["do"], state=answer.facts["state"])
        status = status_of(answer)
        return RedirectResponse(TIERS, 303, HEADERS) if status < 400 else self._shown(token, answer, status)

    def _answer(self, token: Token, form: Mapping[str, str]) -> Answer:
        promotion, who = self._clerk.promotion, self._clerk.acting(token)
        reason = form.get("reason", "").strip()
        if form["do"] in ("halt", "rollback", "reject") and not reason:
            raise HTTPException(400, "this needs a reason.")
        place = form.get("candidate", ""), form.get("tier", "")
        match form["do"]:
            case "approve":
                return of_request(promotion.approve(form.get("request", ""), who, reason))
            case "reject":
                return of_request(promotion.reject(form.get("request", ""), who, reason))
            case "halt":
                return of_halt(promotion.halt(*place, who, reason))
            case "rollback":
                return of_rollback(promotion.roll_back(*place, who, reason=reason))
            case "raise":
                return of_request(promotion.raise_to(*place, _percent(form), who, reason))
            case _:
                return of_request(promotion.resume(*place, who, reason))

    def _shown(self, token: Token, answer: Answer | None = None, status: int = 200) -> Response:
        promotion, at = self._clerk.promotion, self._clerk.promotion.now()
        board = promotion.board()
        if board.tiers is None:
            raise HTTPException(404, "the ledger is empty: begin it with bvt ledger init.")
        names = names_in(board)
        acts = bool(token.person and self._settings().ledger_key)
        with promotion.ledger.reading() as snapshot:
            ledger = standing_of(snapshot)
        text = self._template.render(
            token=token,
            answer=answer,
            view=overview(board, at),
            broken=promotion.broken_gates(),
            ignored=board.ignored,
            lines=board.lines[: -SHOWN - 1 : -1],
            counted=len(board.lines),
            ledger=ledger,
            reached=self._reached(),
            now=at.timestamp(),
            told=lambda line: told_of(line, names),
            merged=_merged,
            new_in=novelty_words,
            may={scope.value: acts and scope in token.scopes for scope in set(NEEDED.values())},
        )
        return HTMLResponse(text, status, HEADERS)

    def _reached(self) -> dict[str, Sequence[float]]:
        """When each host got its offer, by the candidate's digest."""
        candidates = {each.release: each.candidate for each in self._settings().rollouts if each.candidate}
        with self._reading() as store:
            found, _ = standings(store)
        return {
            candidates[each.rollout.release]: each.offered
            for each in found
            if each.rollout.release in candidates
        }


def _merged(fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {**fields, **more}


def _percent(form: Mapping[str, str]) -> float:
    try:
        return float(form.get("percent", ""))
    except ValueError:
        raise HTTPException(400, "the form does not say which share.") from None
