"""One worker process: a desk that is exchanged when settings or orders change, a recorder, and the routes."""

import asyncio
import importlib.util
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from harness.server import metrics
from harness.server.api import Api
from harness.server.board import Board
from harness.server.counter import Counter
from harness.server.desk import Desk
from harness.server.door import Door
from harness.server.later import Later
from harness.server.logs import log
from harness.server.recorder import Recorder
from harness.server.sessions import Sessions
from harness.server.store import Store

OVERLAP_S = 30.0
"""More than a worker's longest wait for a commit."""

SWITCH_S = 0.0005
"""How long the recorder's thread may keep requests waiting for the interpreter; Python's own 5 ms show in the p99."""


class Worker:
    """What the requests of one process share."""

    def __init__(self, path: Path) -> None:
        store = Store(path)
        self._path, self._store, self._parent = path, store, os.getppid()
        self._orphaned = False
        self.desk = Desk.read(store)
        self.recorder = Recorder(store, lambda: self.desk.settings.rule, self._tick)
        self._tallies, self._taken = metrics.Tallies(), list[metrics.Tallies]()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._counter = Counter(lambda: self.desk, self.recorder)
        self._counter.learn(store.entered())
        self._sessions = Sessions(path.parent)

    def application(self) -> Door:
        """The whole ASGI application."""
        api = Api(lambda: self.desk, self.recorder, self._reading)
        board = Board(lambda: self.desk, self._reading)
        app = api.application(self._lifespan, board.routes())
        app.router.default = Later(self._people)
        return Door(app, lambda: self.desk, self._counter, self._tallies, self._sessions)

    def _people(self) -> list[Route]:
        from harness.server.answers import Answers
        from harness.server.clerk import Clerk
        from harness.server.promotions import Promotions
        from harness.server.proofs import Proofs
        from harness.server.tiers_page import TiersPage

        clerk = Clerk.at(lambda: self.desk)
        board = TiersPage(clerk, lambda: self.desk.settings, self._reading)
        return [
            *Promotions(clerk).routes(),
            *Answers(clerk, self._path.parent).routes(),
            *board.routes(),
            *Proofs(clerk).routes(),
            *self._login(),
        ]

    def _login(self) -> list[Route]:
        if importlib.util.find_spec("authlib") is None:
            return []  # a server with `oidc` in its settings does not start without it
        from harness.server.login import Login

        return Login(lambda: self.desk.settings, self._sessions).routes()

    @contextmanager
    def _reading(self) -> Iterator[Store]:
        store = Store(self._path)
        try:
            yield store
        finally:
            store.close()

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        self.recorder.start()
        metrics.GENERATION.set(self.desk.generation)
        log("worker started", settings=self.desk.generation)
        yield
        await asyncio.to_thread(self.recorder.close)
        self._tallies.hand_over()
        self._store.close()
        log("worker drained")

    def _tick(self, store: Store) -> None:
        """In the recorder's thread. A request that is being answered keeps the desk that it began with."""
        if os.getppid() != self._parent and not self._orphaned:
            self._orphaned = True
            log("parent gone")
            os.kill(os.getpid(), signal.SIGTERM)  # without it nobody halts anything: drain and end
        while self._taken:
            self._taken.pop().hand_over()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._taken.append(self._tallies.take()))
        self._counter.learn(store.entered(since=time.time() - OVERLAP_S))  # by other workers
        generation, _ = store.settings()
        orders = store.orders()
        if (generation, orders) != (self.desk.generation, self.desk.orders):
            self.desk = Desk.read(store)
            metrics.GENERATION.set(generation)
            log("settings taken", settings=generation, halted=sorted(orders))


def application(path: Path) -> Door:
    """For uvicorn: called once in each worker."""
    sys.setswitchinterval(SWITCH_S)
    return Worker(path).application()
