"""Routes whose modules are imported when somebody first asks for one.

The ledger's libraries take as long to import as all the rest of a worker; most servers start without needing them.
"""

import asyncio
from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute, Router
from starlette.types import Receive, Scope, Send


class Later:
    """An ASGI application, made of the routes that `load` gives."""

    def __init__(self, load: Callable[[], Sequence[BaseRoute]]) -> None:
        self._load = load
        self._router: Router | None = None
        self._one = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._one:
            if self._router is None:
                self._router = Router(await asyncio.to_thread(self._load))
        await self._router(scope, receive, send)
