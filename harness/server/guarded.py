"""Paths for tokens with a scope alone."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from harness.server import metrics
from harness.server.settings import Scope, Token

Endpoint = Callable[[Request], Awaitable[Response]]


def needs(scope: Scope, endpoint: Endpoint) -> Endpoint:
    """`endpoint` for tokens with this scope alone."""

    async def guarded(request: Request) -> Response:
        token = token_of(request)
        if scope not in token.scopes:
            raise HTTPException(403, f"token {token.name} lacks the scope {scope.value}.")
        answer = await endpoint(request)
        metrics.REQUESTS.labels(request.scope["route"].path, str(answer.status_code)).inc()
        return answer

    return guarded


def token_of(request: Request) -> Token:
    """Who asks; the door has seen to it that it is known."""
    token = request.scope["state"]["token"]
    assert isinstance(token, Token)
    return token
