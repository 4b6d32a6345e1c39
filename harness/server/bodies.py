"""Bodies of requests: read up to a limit, into a typed model."""

from typing import TypeVar

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from harness.documents.translate import first_mistake
from harness.model.base import Frozen

BODY_LIMIT = 1_000_000
"""Bytes."""
Body = TypeVar("Body", bound=Frozen)


async def read_bytes(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The body. Raises `HTTPException` if it is larger."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, f"the body is larger than {limit} bytes.")
    return bytes(body)


async def read_body(request: Request, model: type[Body], limit: int = BODY_LIMIT) -> Body:
    """The body as JSON of this model. Raises `HTTPException` with one sentence."""
    body = await read_bytes(request, limit)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        mistake = first_mistake(error, model)
        raise HTTPException(400, f"{'' if mistake.path else 'the body: '}{mistake.sentence}") from None
