"""What the backend asks an agent to look up at once."""

from contextlib import suppress

from harness.backend.answering import CountsAnswers
from harness.backend.interface import BackendFeature
from harness.cell.check import NotApplicable, check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.lifecycle.timeline import Timeline
from harness.model.errors import CandidateError
from harness.model.profile import AgentProfile
from harness.model.profile.backend import LiveQuery
from harness.model.report import Phase

PHASE = Phase.FUNCTIONS


@check(
    "A live query is answered",
    declared=declares("live query", lambda profile: profile.live_query),
    backend=[BackendFeature.LIVE_QUERY],
)
def test_live_query(cell: CellSession, timeline: Timeline) -> None:
    query = cell.profile.live_query
    assert query is not None
    deadline = cell.within(query.deadline_s)
    with cell.recorder.stopwatch.waiting():
        rows = cell.backend.ask(cell.cell.id, query.sql, deadline)
    assert rows is not None, mismatch(
        f"{query.sql!r} is answered within {deadline.length_s:g} s", "it was not answered"
    )
    assert rows, mismatch(f"{query.sql!r} is answered with a row", "it was answered with no row")
    for column, template in query.expect.items():
        expected = timeline.render(template)
        assert rows[0].get(column) == expected, mismatch(
            f"{query.sql!r} is answered with {column}={expected!r}", f"{column}={rows[0].get(column)!r}"
        )


@check(
    "Further live queries are answered anew, also after one that it cannot answer",
    declared=declares("further live query (live_query.then)", lambda profile: _further(profile)),
    backend=[BackendFeature.LIVE_QUERY],
    requires=["functions.live_query"],
)
def test_live_query_again(cell: CellSession, timeline: Timeline) -> None:
    query = cell.profile.live_query
    assert query is not None
    after = _ask_in_vain(cell, timeline, query)
    for further in query.then:
        deadline = cell.within(query.deadline_s)
        with cell.recorder.stopwatch.waiting():
            rows = cell.backend.ask(cell.cell.id, further.sql, deadline)
        asked = f"{further.sql!r}{after}"
        assert rows is not None, mismatch(
            f"{asked} is answered within {deadline.length_s:g} s", "it was not answered"
        )
        cell.note(further.sql, f"{len(rows)} rows")
        expected = {column: timeline.render(template) for column, template in further.expect.items()}
        assert any(expected.items() <= row.items() for row in rows), mismatch(
            f"{asked} is answered with a row {expected!r}", f"{len(rows)} rows without it"
        )
        assert len(rows) >= further.rows_at_least, mismatch(
            f"{asked} is answered with {further.rows_at_least} rows or more", f"{len(rows)}"
        )


@check(
    "Each live query was answered once",
    declared=declares("live query", lambda profile: profile.live_query),
    backend=[BackendFeature.LIVE_QUERY],
    requires=["functions.live_query"],
    watches=True,
)
def test_answered_once(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.endpoint
    if not isinstance(cell.backend, CountsAnswers):
        raise NotApplicable(f"backend {cell.backend.name} does not count answers")
    again = cell.backend.answered_again(cell.cell.id)
    assert not again, mismatch(
        "each live query is answered once", f"answered again: {', '.join(map(repr, dict.fromkeys(again)))}"
    )


def _further(profile: AgentProfile) -> object:
    return profile.live_query and profile.live_query.then


def _ask_in_vain(cell: CellSession, timeline: Timeline, query: LiveQuery) -> str:
    """Ask what cannot be answered; how a message names what follows it. The agent may say so, or send no row."""
    if not query.invalid:
        return ""
    with suppress(CandidateError), timeline.provoking(), cell.recorder.stopwatch.waiting():
        cell.backend.ask(cell.cell.id, query.invalid, cell.within(query.deadline_s))
    return f", asked after {query.invalid!r}"
