"""What the pages for people have in common: templates, headers, the token in the cookie, forms that are ours."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request

from harness.server.bodies import read_bytes
from harness.server.settings import Token

BODY_LIMIT = 10_000
WIDTH, HEIGHT = 320, 60
"""Of a curve, in pixels."""
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
}


def template(name: str) -> jinja2.Template:
    """One of this room's templates."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=moment, day=day, curve=curve)
    environment.globals.update(width=WIDTH, height=HEIGHT)
    return environment.get_template(name)


def moment(at: float | datetime) -> str:
    """A time for people, in UTC."""
    found = at.astimezone(UTC) if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return f"{found:%Y-%m-%d %H:%M} UTC"


def day(at: datetime) -> str:
    """The same where there is little room."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def curve(offered: Sequence[float], now: float) -> str:
    """The points of a line: hosts reached, from the first offer until now, in `WIDTH` by `HEIGHT` pixels."""
    if not offered:
        return ""
    begin, most = offered[0], len(offered)
    span = max(now - begin, 1.0)
    step = max(1, most // WIDTH)
    points = [((at - begin) / span, (number + 1) / most) for number, at in enumerate(offered)]
    kept = [(0.0, 0.0), *points[::step], (1.0, 1.0)]
    return " ".join(f"{x * WIDTH:.1f},{HEIGHT - y * (HEIGHT - 2) - 1:.1f}" for x, y in kept)


def token_on(request: Request) -> Token | None:
    """Whose cookie it is; None for a stranger."""
    token = request.scope["state"]["token"]
    assert token is None or isinstance(token, Token)
    return token


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that this board has sent: another site's is refused, beside the cookie's SameSite."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "this form comes from another site.")
    fields = parse_qs((await read_bytes(request, BODY_LIMIT)).decode("utf-8", "replace"))
    return {name: values[0] for name, values in fields.items()}
