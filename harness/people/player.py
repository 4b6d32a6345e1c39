"""Plays playbooks on a ledger as it grows: one thread; what ends the process ends no playbook."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from securesystemslib.signer import Signer

from harness.documents.problem import nearest
from harness.model.errors import ConfigurationError
from harness.people.destinations import Destination
from harness.people.ledger_stage import LedgerStage, begins
from harness.people.playbooks import Occasion, Playbook
from harness.people.playing import End, play
from harness.people.plays import Plays
from harness.people.sending import NotSent, Send, send
from harness.promotion.board import Line
from harness.promotion.service import Promotion

LOOK_S = 1.0
"""How often deadlines and the ledger are looked at."""
AGAIN_S = 30.0
"""When somebody could not be told."""


@dataclass(frozen=True)
class Playing:
    """What the player plays with."""

    promotion: Callable[[], Promotion]
    path: Path
    """Of the file that keeps how far each playbook has come."""
    destinations: Mapping[str, Destination]
    report: Callable[..., None]
    signer: Callable[[], Signer] | None = None
    clock: Callable[[], float] = time.time
    look_s: float = LOOK_S
    again_s: float = AGAIN_S
    send: Send = field(default=send)


class Player:
    """`begin` it, and `end` it."""

    def __init__(self, books: Sequence[Playbook], playing: Playing) -> None:
        self._books = [each for each in books if each.when.event is not Occasion.VERDICT]
        self._playing, self._ended = playing, threading.Event()
        self._not_before: dict[tuple[str, int], float] = {}
        self._over: set[tuple[str, int]] = set()
        self._thread = threading.Thread(target=self._run, name="playbooks", daemon=True)

    def begin(self) -> None:
        """Play from now on: what the ledger gets from here on is played."""
        plays, size = Plays(self._playing.path), self._playing.promotion().size()
        try:
            for book in self._books:
                plays.since(book.name, size)
        finally:
            plays.close()
        self._thread.start()
        self._playing.report("playbooks begun", playbooks=[book.name for book in self._books])

    def end(self) -> None:
        """Play no more; a step that is being made may finish for a moment."""
        self._ended.set()
        self._thread.join(10.0)

    def _run(self) -> None:
        failed = ""
        while not self._ended.wait(self._playing.look_s):
            try:
                self.look()
                failed = ""
            except Exception as error:  # noqa: BLE001 - one that died in silence would be worse than none
                if str(error) != failed:
                    failed = str(error)
                    self._playing.report("playbooks wait", reason=failed)

    def look(self) -> None:
        """Play everything as far as it goes now."""
        board = self._playing.promotion().board()
        plays = Plays(self._playing.path)
        try:
            for book in self._books:
                since = plays.since(book.name, board.size)
                for line in board.lines:
                    if line.number >= since and begins(book, line) and not self._ended.is_set():
                        self._play(book, line, plays)
        finally:
            plays.close()

    def _play(self, book: Playbook, line: Line, plays: Plays) -> None:
        key, now = (book.name, line.number), self._playing.clock()
        if key in self._over or now < self._not_before.get(key, 0.0):
            return
        progress = plays.progress(*key, now)
        if progress.end is End.OPEN:
            have = self._playing
            stage = LedgerStage(have.promotion(), line, book, have.destinations, have.send, have.signer)
            plays.keep(*key, progress)  # so that a deadline counts from the first look, also after a crash
            try:
                progress = play(
                    book, stage, progress, now, lambda found: plays.keep(*key, found), have.report
                )
            except NotSent as error:
                self._not_before[key] = now + have.again_s
                have.report("playbook delayed", playbook=book.name, about=stage.title, reason=str(error))
        if progress.end is not End.OPEN:
            self._over.add(key)


def check_tiers(books: Sequence[Playbook], tiers: Sequence[str], file: str) -> None:
    """Raises `ConfigurationError` for a tier that the ledger does not have: its playbook would never begin."""
    for book in books:
        for name in book.when.tiers:
            if name not in tiers:
                raise ConfigurationError(
                    f"there is no tier {name!r} for playbook {book.name!r}.",
                    file=file,
                    hint=nearest(name, tiers, label="Tiers"),
                )
