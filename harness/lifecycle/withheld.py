"""Events of what never happened: the harness owns the places of its stimuli and knows all that happened there. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.backend.interface import Event
from harness.backend.matching import event_matches
from harness.model.profile.backend import Telemetry
from harness.probe.answers.stimulus import Stimulus

SHORTEST_FRAME = 4
"""What stands around a token must be so long to be the harness's own place: `bvt-`, `C:\\bvt-stimulus\\`."""
FREE_TEXT = ("{cmdline}", "{data}")
"""What others wrote: it names no place."""
NAMED = (
    "service",
    "registry_change",
    "scheduled_task",
    "user",
    "group",
    "permission",
    "firewall_rule",
    "file_change",
)
"""Kinds whose facts are made from the token alone, so that those of a stimulus that is withheld are known as well."""


NO_NAME = re.compile(r"^$|^\(default\)$|~\d")
"""What a system puts in a name's place: a key's default value, the short name of a file."""


@dataclass(frozen=True)
class Frame:
    """Where a kind of stimulus leaves its token: what stands before and after it in one column."""

    column: str
    before: str
    after: str
    anywhere: bool
    """Whether other text may stand before and after all of it."""

    def token(self, row: Mapping[str, str]) -> str | None:
        """What stands there in this row; None if the row tells of another place."""
        value = row.get(self.column, "").casefold()
        at = value.find(self.before)
        if at < 0 or (at > 0 and not self.anywhere):
            return None
        inner = value[at + len(self.before) :]
        if self.after and self.anywhere:
            inner, found, _ = inner.partition(self.after)
            return inner if found else None
        return inner.removesuffix(self.after) if inner.endswith(self.after) else None


def frames(telemetry: Telemetry, given: Stimulus) -> list[Frame]:
    """The columns in which the harness's own place can be told, from one stimulus that was given."""
    found = []
    for column, pattern in telemetry.columns.items():
        text = _fill(pattern, given, given.nonce).casefold()
        anywhere, text = text.startswith("~"), text.removeprefix("~")
        before, nonce, after = text.partition(given.nonce.casefold())
        if nonce and len(before) >= SHORTEST_FRAME and not any(fact in pattern for fact in FREE_TEXT):
            found.append(Frame(column, before, after, anywhere))
    return found


def invented(
    events: Iterable[Event], telemetry: Mapping[str, Telemetry], given: Mapping[str, Stimulus], token: str
) -> list[str]:
    """Rows about the harness's own places that name none of its stimuli. All of those hold `token`."""
    known, found = token.casefold(), []
    wanted = {name: frames(telemetry[name], each) for name, each in given.items()}
    for event in events:
        for name, places in wanted.items():
            if telemetry[name].query != event.query:
                continue
            named = [inner for place in places if (inner := place.token(event.columns)) is not None]
            if any(known not in inner and not NO_NAME.search(inner) for inner in named):
                found.append(f"{name} {_shown(event, places)}")
                break
    return found


def echoed(
    events: Iterable[Event],
    telemetry: Mapping[str, Telemetry],
    given: Mapping[str, Stimulus],
    tokens: Mapping[str, Iterable[str]],
) -> list[str]:
    """Rows of a kind that was withheld for a token. `tokens`: kind → tokens that were given to it alone."""
    everything, found = list(events), []
    for kind, words in tokens.items():
        for other in (name for name in given if name in NAMED and name != kind):
            query = telemetry[other].query
            found += [
                f"{other} {', '.join(columns.values())}"
                for columns in _columns(telemetry[other], given[other], words)
                if any(event_matches(each, query, columns, None) for each in everything)
            ]
    return found


def _columns(telemetry: Telemetry, given: Stimulus, tokens: Iterable[str]) -> Iterator[dict[str, str]]:
    of_token = {
        column: pattern
        for column, pattern in telemetry.columns.items()
        if given.nonce in _fill(pattern, given, given.nonce)
    }
    for token in tokens:
        columns = {column: _fill(pattern, given, token) for column, pattern in of_token.items()}
        if columns:
            yield columns


def _fill(pattern: str, given: Stimulus, token: str) -> str:
    facts = given.facts | {"nonce": given.nonce}
    return pattern.format(**{name: fact.replace(given.nonce, token) for name, fact in facts.items()})


def _shown(event: Event, places: Iterable[Frame]) -> str:
    return next(event.columns[place.column] for place in places if place.token(event.columns) is not None)
