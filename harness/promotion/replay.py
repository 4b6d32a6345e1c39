"""From the ledger's entries to the state of everything. Pure.

Every entry is judged again, by the tiers of its time and by the very rules that let it in. One that somebody put into
the database by hand, a forged approval say, is on the record and has no effect.
"""

from collections.abc import Iterable
from datetime import datetime

from harness.promotion.board import Board, Ignored
from harness.promotion.denial import Cause, deny
from harness.promotion.entries import EntryError, entry_id, read_entry, shown
from harness.promotion.rules import SKEW, judge


def replay(bodies: Iterable[tuple[int, bytes]], now: datetime) -> Board:
    """The board after these entries, which are judged one by one. One from the future does not count yet."""
    board = Board()
    for number, body in bodies:
        board.size = number + 1
        try:
            entry, envelope = read_entry(body)
            denials = judge(board, entry, envelope, entry_id(body))
            if entry.at > now + SKEW:
                denials.append(deny(Cause.TIME, f"It is signed for a time to come, {shown(entry.at)}."))
        except EntryError as error:
            board.ignored.append(Ignored(number, str(error)))
            continue
        board.seen.add(entry_id(body))
        if denials:
            board.ignored.append(Ignored(number, denials[0].text))
        else:
            board.take(number, body, entry)
    return board
