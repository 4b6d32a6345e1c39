"""Where a signed link leads: a page that asks once more. Only its button acts, so a mail scanner does nothing."""

import asyncio
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from harness.model.errors import ConfigurationError
from harness.people.composing import ANSWER
from harness.people.deliveries import DELIVERIES_FILE, Deliveries
from harness.people.links import Action, Link, LinkError, Links
from harness.promotion.acting import OnBehalf
from harness.promotion.answer import Answer, of_halt, of_refusal, of_request
from harness.promotion.board import Board
from harness.promotion.denial import Cause, Refused, deny
from harness.server.bodies import read_bytes
from harness.server.clerk import Clerk
from harness.server.guarded import needs
from harness.server.logs import log
from harness.server.promotions import status_of
from harness.server.settings import Scope

FORM_LIMIT = 10_000
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}
WORDS = {Action.APPROVE: "Approve", Action.REJECT: "Reject", Action.HALT: "Halt"}


class Answers:
    """The pages below `/answer/`, and what became of the messages."""

    def __init__(self, clerk: Clerk, folder: Path) -> None:
        self._clerk, self._folder = clerk, folder
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )
        self._template = environment.get_template("answer.html.j2")

    def routes(self) -> list[Route]:
        """For starlette."""
        return [
            Route(ANSWER + "{token}", self._page, methods=["GET"]),
            Route(ANSWER + "{token}", self._act, methods=["POST"]),
            Route("/v1/notifications", needs(Scope.READ, self._deliveries), methods=["GET"]),
        ]

    async def _page(self, request: Request) -> Response:
        return await asyncio.to_thread(self._shown, request.path_params["token"])

    def _shown(self, token: str) -> Response:
        try:
            link = Links.of(self._folder).read(token, time.time())
        except LinkError as error:
            return self._rendered(403, mistake=str(error))
        board = self._clerk.promotion.board()
        used = board.links.get(link.id)
        if used:
            return self._rendered(409, mistake=f"This link was used already, by {used.by}: it works once.")
        return self._rendered(200, link=link, about=_about(link, board))

    async def _act(self, request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin not in (None, "null") and urlsplit(origin).netloc != request.headers.get("host"):
            raise HTTPException(403, "this form comes from another site.")
        form = parse_qs((await read_bytes(request, FORM_LIMIT)).decode("utf-8", "replace"))
        reason = form.get("reason", [""])[0].strip()[:1000]
        return await asyncio.to_thread(self._done, request.path_params["token"], reason)

    def _done(self, token: str, reason: str) -> Response:
        try:
            link = Links.of(self._folder).read(token, time.time())
            answer = self._answer(link, reason)
        except LinkError as error:
            return self._rendered(403, mistake=str(error))
        except Refused as refused:
            answer = of_refusal(refused)
        except ConfigurationError as error:
            return self._rendered(404, mistake=str(error))
        log("answered", path=ANSWER, who=link.person, action=link.action.value, state=answer.facts["state"])
        return self._rendered(status_of(answer), link=link, answer=answer)

    def _answer(self, link: Link, reason: str) -> Answer:
        promotion = self._clerk.promotion
        who = OnBehalf(self._clerk.signer, link.person, f"link {link.id}", link.id)
        board = promotion.board()
        if link.action is Action.HALT:
            return of_halt(promotion.halt(link.candidate, link.tier, who, reason))
        asked = promotion.request(board, link.about)
        wanted = asked.request.candidate.sha256 if asked.request.candidate else ""
        if (wanted, asked.request.tier) != (link.candidate, link.tier):
            text = "The link is about another candidate or tier than the request."
            raise Refused([deny(Cause.BOUND, text)])
        act = promotion.approve if link.action is Action.APPROVE else promotion.reject
        return of_request(act(asked.id, who, reason))

    def _rendered(
        self,
        status: int,
        link: Link | None = None,
        about: list[str] | None = None,
        answer: Answer | None = None,
        mistake: str = "",
    ) -> Response:
        words = WORDS[link.action] if link else ""
        text = self._template.render(
            link=link, words=words, about=about or [], answer=answer, mistake=mistake
        )
        return HTMLResponse(text, status, HEADERS)

    async def _deliveries(self, _: Request) -> Response:
        return JSONResponse({"notifications": await asyncio.to_thread(self._newest)})

    def _newest(self) -> list[dict[str, object]]:
        deliveries = Deliveries(self._folder / DELIVERIES_FILE)
        try:
            return [each.document() for each in deliveries.newest()]
        finally:
            deliveries.close()


def _about(link: Link, board: Board) -> list[str]:
    """What the person decides about, in lines."""
    asked = board.asked.get(link.about)
    if asked is None:
        placement = board.placement(link.candidate, link.tier)
        return [f"{placement.candidate} in tier {link.tier}" if placement else link.candidate]
    request = asked.request
    lines = [f"{request.what.value} {request.candidate or 'other tiers'} {request.tier}".strip()]
    if request.percent:
        lines.append(f"to {request.percent:g} % of the hosts")
    lines.append(f"asked by {request.by}. {request.reason}".rstrip())
    lines.append(f"SHA-256 {link.candidate}")
    if asked.approvals:
        lines.append(f"approved so far by {', '.join(sorted(asked.approvals))}")
    return lines
