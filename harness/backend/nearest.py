"""Which row comes nearest to one that never came, and how it differs: a wrong row is told from none. Pure."""

from collections.abc import Iterable, Mapping

from harness.backend.interface import Event
from harness.backend.matching import text_matches

LONGEST = 120
"""Characters of a value that are shown."""


def nearest(columns: Mapping[str, str], action: str | None, events: Iterable[Event]) -> str:
    """In words how the row that has most of the columns differs; empty where none has at least half of them.

    Of rows that are equally near, one that says something else is shown before one that says nothing there.
    """
    best, words = (0.0, -len(columns) - 1), ""
    for event in events:
        wrong = [name for name, text in columns.items() if not _holds(event, name, text)]
        other_action = action is not None and event.action != action
        alike = len(columns) - len(wrong) - 0.5 * other_action
        rank = alike, -sum(not event.columns.get(name) for name in wrong)
        if rank <= best or 2 * alike < len(columns):
            continue
        said = [f"{name}={_short(event.columns.get(name, ''))!r}" for name in wrong]
        best, words = rank, ", ".join([*said, f"action={event.action!r}"] if other_action else said)
    return words


def _holds(event: Event, name: str, text: str) -> bool:
    return name in event.columns and text_matches(text, event.columns[name])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
