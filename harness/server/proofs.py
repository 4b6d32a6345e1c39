"""The ledger's proofs for whoever reads the board: the checkpoint, an entry, and that the entry is in the ledger."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from harness.model.errors import ConfigurationError
from harness.promotion.entries import entry_id
from harness.promotion.ledger.note import SignedNote
from harness.promotion.ledger.proof import InclusionProof
from harness.promotion.ledger.store import Snapshot
from harness.promotion.telling import names_in, told_of
from harness.server.clerk import Clerk
from harness.server.door import BOARD
from harness.server.pages import HEADERS, template, token_on
from harness.server.settings import Scope

LEDGER = f"{BOARD}/ledger"
Read = Callable[[Request], Response]


@dataclass(frozen=True)
class LedgerStanding:
    """How much of the ledger is under a signature."""

    size: int
    note: SignedNote | None

    @property
    def signed(self) -> int:
        """Entries under the newest checkpoint."""
        return self.note.checkpoint.size if self.note else 0

    @property
    def origin(self) -> str:
        """The ledger's name."""
        return self.note.checkpoint.origin if self.note else ""

    @property
    def root(self) -> str:
        """The beginning of the root, in hexadecimal."""
        return self.note.checkpoint.root.hex()[:16] if self.note else ""

    @property
    def signatures(self) -> int:
        """The ledger's own and those of witnesses; whose they are only a key tells."""
        return len(self.note.signatures) if self.note else 0


def standing_of(snapshot: Snapshot) -> LedgerStanding:
    """As it is now."""
    return LedgerStanding(snapshot.size, snapshot.last_note())


class Proofs:
    """`/board/ledger/…`, for tokens with the scope `read`."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk
        self._template = template("entry.html.j2")

    def routes(self) -> list[Route]:
        """For starlette."""
        return [
            Route(f"{LEDGER}/checkpoint", _for_readers(self._checkpoint)),
            Route(LEDGER + "/{number:int}", _for_readers(self._page)),
            Route(LEDGER + "/{number:int}/entry", _for_readers(self._entry)),
            Route(LEDGER + "/{number:int}/proof", _for_readers(self._proof)),
        ]

    def _checkpoint(self, _: Request) -> Response:
        with self._clerk.promotion.ledger.reading() as snapshot:
            note = snapshot.last_note()
        if note is None:
            raise HTTPException(404, "the ledger has no checkpoint yet: bvt ledger checkpoint.")
        return _file("checkpoint", str(note))

    def _entry(self, request: Request) -> Response:
        number = _number(request)
        with self._clerk.promotion.ledger.reading() as snapshot:
            return _file(f"{number}.entry", _body(snapshot, number))

    def _proof(self, request: Request) -> Response:
        number = _number(request)
        with self._clerk.promotion.ledger.reading() as snapshot:
            _body(snapshot, number)
            proof, why = _proven(snapshot, number)
        if proof is None:
            raise HTTPException(404, why)
        return _file(f"{number}.tlog-proof", str(proof))

    def _page(self, request: Request) -> Response:
        number = _number(request)
        promotion = self._clerk.promotion
        with promotion.ledger.reading() as snapshot:
            body = _body(snapshot, number)
            proof, unproven = _proven(snapshot, number)
        board = promotion.board()
        names = names_in(board)
        text = self._template.render(
            number=number,
            leaf=entry_id(body),
            line=next((line for line in board.lines if line.number == number), None),
            why=next((each.why for each in board.ignored if each.number == number), ""),
            proof=proof,
            unproven=unproven,
            told=lambda line: told_of(line, names),
        )
        return HTMLResponse(text, 200, HEADERS)


def _for_readers(answer: Read) -> Callable[[Request], object]:
    async def guarded(request: Request) -> Response:
        token = token_on(request)
        if token is None or Scope.READ not in token.scopes:
            return RedirectResponse(BOARD, 303, HEADERS)
        return await asyncio.to_thread(answer, request)

    return guarded


def _number(request: Request) -> int:
    number = request.path_params["number"]
    assert isinstance(number, int)
    return number


def _body(snapshot: Snapshot, number: int) -> bytes:
    try:
        return snapshot.body(number)
    except (ConfigurationError, OverflowError) as error:
        raise HTTPException(404, str(error)) from None


def _proven(snapshot: Snapshot, number: int) -> tuple[InclusionProof | None, str]:
    """The proof against the newest checkpoint, or why there is none yet."""
    note = snapshot.last_note()
    if note is None:
        return (
            None,
            "The ledger has no signed checkpoint yet, so nothing can be proven: bvt ledger checkpoint.",
        )
    if number >= note.checkpoint.size:
        return None, f"The newest checkpoint has {note.checkpoint.size} entries; the next one will cover it."
    return snapshot.inclusion(number, note), ""


def _file(name: str, content: str | bytes) -> Response:
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, "text/plain; charset=utf-8")
