"""Brings messages to destinations: one thread each, in the ledger's order, again until they are taken.

What ends the process ends no message: the ledger has it, and the next start goes on where each destination was. After a
crash between sending and noting it a message comes twice, and its links work once all the same.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import tenacity

from harness.model.errors import HarnessError
from harness.people.deliveries import Deliveries, Delivery, Outcome
from harness.people.destinations import Destination, EventKind
from harness.people.events import Event, event_of, wanted_by
from harness.people.sending import Message, NotSent, Send, send
from harness.promotion.board import Board
from harness.promotion.record import Record

NEWS_S = 0.5
"""How often the ledger is asked whether it has grown."""
LONGEST_PAUSE_S = 60.0
GIVE_UP_S = 24 * 3600.0
Compose = Callable[[Event, Destination], Message]
Report = Callable[..., None]


@dataclass(frozen=True)
class Post:
    """What all threads share."""

    record: Callable[[], Record]
    path: Path
    compose: Compose
    report: Report
    """Called with an event's name and facts: the log."""
    give_up_s: float = GIVE_UP_S
    first_pause_s: float = 1.0
    news_s: float = NEWS_S
    send: Send = send


class Courier:
    """`begin` it, and `end` it: at once, also in a pause between attempts."""

    def __init__(self, destinations: Sequence[Destination], post: Post) -> None:
        self._post, self._ended, self._destinations = post, threading.Event(), destinations
        self._threads = [
            threading.Thread(target=self._run, args=(each,), name=f"to {each.name}", daemon=True)
            for each in destinations
        ]

    def begin(self) -> None:
        """Deliver from now on: whoever is new is told of all that the ledger gets after this."""
        with suppress(HarnessError):  # the threads say what is wrong, and ask again
            self._place_all()
        for thread in self._threads:
            thread.start()

    def _place_all(self) -> None:
        size = self._post.record().size()
        deliveries = Deliveries(self._post.path)
        try:
            for destination in self._destinations:
                deliveries.place(destination.name, size)
        finally:
            deliveries.close()

    def end(self) -> None:
        """Deliver no more; what is under way may finish for a moment."""
        self._ended.set()
        for thread in self._threads:
            thread.join(10.0)

    def _run(self, destination: Destination) -> None:
        seen, failed = -1, ""
        while not self._ended.wait(self._post.news_s):
            try:
                record = self._post.record()
                size = record.size()
                if size != seen:
                    self._catch_up(destination, record.board())
                    seen, failed = size, ""
            except Exception as error:  # noqa: BLE001 - a courier that died in silence would be worse than none
                if str(error) != failed:
                    failed = str(error)
                    self._post.report("notifications wait", destination=destination.name, reason=failed)

    def _catch_up(self, destination: Destination, board: Board) -> None:
        deliveries = Deliveries(self._post.path)
        try:
            since, at = deliveries.place(destination.name, board.size)
            for line in board.lines:
                if line.number < at:
                    continue
                if self._ended.is_set():
                    return
                event = event_of(board, line)
                old = line.number < since and event is not None and event.kind is not EventKind.APPROVAL
                if event is None or old or not wanted_by(destination, event):
                    deliveries.advance(destination.name, line.number + 1)
                    continue
                delivery = self._deliver(destination, event)
                if delivery is None:
                    return
                deliveries.advance(destination.name, line.number + 1, delivery)
        finally:
            deliveries.close()

    def _deliver(self, destination: Destination, event: Event) -> Delivery | None:
        """What became of it; None if the end came first."""
        attempts = 0

        def attempt() -> bool:
            nonlocal attempts
            if attempts and not self._still(destination, event):
                return False
            attempts += 1
            self._post.send(destination, self._post.compose(event, destination))
            return True

        def failed(state: tenacity.RetryCallState) -> None:
            reason = str(state.outcome.exception()) if state.outcome else ""
            self._post.report(
                "notification delayed", destination=destination.name, title=event.title, reason=reason
            )

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(NotSent),
            sleep=tenacity.sleep_using_event(self._ended),
            stop=tenacity.stop_any(
                tenacity.stop_when_event_set(self._ended), tenacity.stop_after_delay(self._post.give_up_s)
            ),
            wait=tenacity.wait_exponential(self._post.first_pause_s, max=LONGEST_PAUSE_S),
            before_sleep=failed,
            reraise=True,
        )
        outcome, reason = Outcome.SENT, ""
        try:
            if not retrying(attempt):
                outcome = Outcome.OVERTAKEN
        except NotSent as error:
            if self._ended.is_set():
                return None
            outcome, reason = Outcome.FAILED, str(error)
        facts = {"destination": destination.name, "title": event.title, "attempts": attempts}
        self._post.report(f"notification {outcome.value}", **facts, reason=reason)
        return Delivery(destination.name, event.number, event.title, outcome, attempts, reason)

    def _still(self, destination: Destination, event: Event) -> bool:
        """Whether it is still worth saying."""
        board = self._post.record().board()
        line = next((each for each in board.lines if each.number == event.number), None)
        now = event_of(board, line) if line else None
        return now is not None and wanted_by(destination, now)
