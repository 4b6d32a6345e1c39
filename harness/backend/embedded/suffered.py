"""What a request suffers where the backend was told to fail."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from harness.backend.embedded.admission import PendingFault
from harness.backend.interface import FaultKind

NODE_INVALID = {"node_invalid": True}
PAGE = (
    "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n"
    "<body><h1>Bad Gateway</h1><p>The server \u201cbackend\u201d cannot be reached. {0x502}</p></body></html>\n"
)
"""What a proxy answers where what is behind it does not: for people, and no JSON."""

Cut = Callable[[Scope], None]
"""Closes the connection of a request, without an answer."""


async def suffer(fault: PendingFault, request: Request, cut: Cut) -> Response | None:
    """The answer that a request has to suffer. None: go on and serve it after all."""
    match fault.kind:
        case FaultKind.DELAY:
            await asyncio.sleep(fault.seconds)
            return None
        case FaultKind.ERROR_500:
            return as_json({"error": "told to fail"}, 500)
        case FaultKind.BAD_GATEWAY:
            return Response(PAGE, status_code=502, media_type="text/html")
        case FaultKind.FORBIDDEN:
            return as_json({"error": "not allowed"}, 403)
        case FaultKind.NODE_INVALID | FaultKind.REFUSED:
            return as_json(NODE_INVALID)
        case FaultKind.DROP:
            return _Dropped(cut)
        case FaultKind.MUTE:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return _Dropped(cut)


def as_json(document: Mapping[str, Any], status: int = 200) -> Response:
    """An answer of this API."""
    return Response(json.dumps(document), status_code=status, media_type="application/json")


class _Dropped(Response):
    """No answer at all: the connection is closed instead."""

    def __init__(self, cut: Cut) -> None:
        super().__init__()
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        self._cut(scope)
        while (await receive())["type"] != "http.disconnect":
            pass  # the server takes a silent return for an error unless it has seen the connection go
