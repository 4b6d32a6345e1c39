"""Which events answer to a stimulus. Pure."""

from collections.abc import Mapping

from harness.backend.interface import Event


def columns_match(expected: Mapping[str, str], actual: Mapping[str, str]) -> bool:
    """True if every expected column is there and holds what is asked; a leading `~` means *contains*.

    Case is ignored, as Windows paths ignore it. A column that is absent never matches.
    """
    return all(name in actual and text_matches(text, actual[name]) for name, text in expected.items())


def text_matches(expected: str, actual: str) -> bool:
    """True if `actual` equals `expected`, or contains what follows a leading `~`; case ignored."""
    wanted, found = expected.casefold(), actual.casefold()
    return wanted[1:] in found if wanted.startswith("~") else wanted == found


def event_matches(event: Event, query: str, columns: Mapping[str, str], action: str | None) -> bool:
    """True if the event is a row of `query` with this action (None: any) and these columns."""
    return event.query == query and action in (None, event.action) and columns_match(columns, event.columns)
