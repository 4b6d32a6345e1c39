"""One thread that writes for a worker: many requests share a commit."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from harness.model.errors import InfrastructureError
from harness.rollout.halt import HaltRule
from harness.server.logs import log
from harness.server.store import Entry, Sign, Store, without_duplicates

TICK_S = 0.5
"""How long check-ins are gathered, and how late a worker hears of a halt or of new settings."""
_STOP_S = 30.0


class Recorder:
    """Writes what is handed over, in batches. `tick` is called in the same thread, at least every `TICK_S`."""

    def __init__(self, store: Store, rule: Callable[[], HaltRule], tick: Callable[[Store], None]) -> None:
        self._store, self._rule, self._tick = store, rule, tick
        self._wake = threading.Condition()
        self._entries: list[tuple[Entry, Future[bool]]] = []
        self._signs: list[Sign] = []
        self._kept: list[Future[bool]] = []
        self._urgent = self._closing = False
        self._failed = ""
        """Why the last batch could not be written."""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    async def enter(self, entry: Entry) -> bool:
        """Watch a host; returns when that is on record. False: the maximum of the period is reached."""
        done: Future[bool] = Future()
        with self._wake:
            self._entries.append((entry, done))
            self._hurry()
        return await asyncio.wrap_future(done)

    def sign(self, sign: Sign) -> None:
        """A check-in. It is written with the next batch."""
        with self._wake:
            self._signs.append(sign)

    async def keep(self, signs: list[Sign]) -> None:
        """What was reported; returns when it is on record."""
        done: Future[bool] = Future()
        with self._wake:
            self._signs += signs
            self._kept.append(done)
            self._hurry()
        await asyncio.wrap_future(done)

    def close(self) -> None:
        """Write what is left, and end."""
        with self._wake:
            self._closing = True
            self._hurry()
        self._thread.join(_STOP_S)

    def _hurry(self) -> None:
        self._urgent = True
        self._wake.notify()

    def _run(self) -> None:
        closing = False
        while not closing:
            with self._wake:
                if not self._urgent:
                    self._wake.wait(TICK_S)
                entries, signs, kept = self._entries, self._signs, self._kept
                self._entries, self._signs, self._kept = [], [], []
                closing, self._urgent = self._closing, False
            self._write(entries, signs, kept)

    def _write(
        self, entries: list[tuple[Entry, Future[bool]]], signs: list[Sign], kept: list[Future[bool]]
    ) -> None:
        entries = [each for each in entries if each[1].set_running_or_notify_cancel()]
        kept = [done for done in kept if done.set_running_or_notify_cancel()]  # some have hung up meanwhile
        try:
            answers = [True] * len(entries)
            if entries or signs:
                answers = self._store.record(
                    [entry for entry, _ in entries], without_duplicates(signs), self._rule()
                )
            self._tick(self._store)
        except Exception as error:  # noqa: BLE001 - every request that waits must hear of it
            failure = InfrastructureError(f"The store cannot be written: {error}.")
            if str(error) != self._failed:  # nobody waits for a check-in, so nobody else would say it
                self._failed = str(error)
                log("store failed", reason=self._failed)
            for done in [*(done for _, done in entries), *kept]:
                done.set_exception(failure)
            return
        self._failed = ""
        for (_, done), answer in zip(entries, answers, strict=True):
            done.set_result(answer)
        for done in kept:
            done.set_result(True)
