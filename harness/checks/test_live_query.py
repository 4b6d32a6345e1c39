"""What the backend asks an agent to look up at once."""

from contextlib import suppress

from harness.backend.answering import CountsAnswers
from harness.backend.interface import BackendFeature
from harness.cell.check import NotApplicable, check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.asking import answer_to
from harness.checks.expectation import mismatch
from harness.lifecycle.moving import Moving
from harness.lifecycle.timeline import Timeline
from harness.model.errors import CandidateError
from harness.model.profile import AgentProfile
from harness.model.profile.backend import FurtherQuery, LiveQuery
from harness.model.report import Phase

PHASE = Phase.FUNCTIONS
MOVES_S = 1.1
"""After so long an answer that moves each second is another one."""


@check(
    "A live query is answered",
    declared=declares("live query", lambda profile: profile.live_query),
    backend=[BackendFeature.LIVE_QUERY],
)
def test_live_query(cell: CellSession, timeline: Timeline) -> None:
    query = cell.profile.live_query
    assert query is not None
    rows = answer_to(cell, query.sql, query.deadline_s)
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
def test_live_query_again(cell: CellSession, timeline: Timeline, moving: Moving) -> None:
    query = cell.profile.live_query
    assert query is not None
    after = _ask_in_vain(cell, timeline, query)
    for further in query.then:
        asked = f"{further.sql!r}{after}"
        rows = answer_to(cell, further.sql, query.deadline_s, asked)
        cell.note(further.sql, f"{len(rows)} rows")
        expected = {column: timeline.render(template) for column, template in further.expect.items()}
        assert any(expected.items() <= row.items() for row in rows), mismatch(
            f"{asked} is answered with a row {expected!r}", f"{len(rows)} rows without it"
        )
        if further.moves:
            moving.note(further.sql, rows[0].get(further.moves, ""))
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


@check(
    "Live queries that are asked at once get an answer each",
    declared=declares("further live query (live_query.then)", lambda profile: _further(profile)),
    backend=[BackendFeature.LIVE_QUERY],
    requires=["functions.live_query", "functions.live_query_again"],
)
def test_live_queries_at_once(cell: CellSession, timeline: Timeline) -> None:
    query = cell.profile.live_query
    assert query is not None
    if not isinstance(cell.backend, CountsAnswers):
        raise NotApplicable(f"backend {cell.backend.name} asks one live query at a time")
    asked = {query.sql: query.expect} | {further.sql: further.expect for further in query.then}
    if len(asked) == 1:
        raise NotApplicable("the profile names no second live query")
    deadline = cell.within(query.deadline_s)
    with cell.recorder.stopwatch.waiting():
        answers = cell.backend.ask_together(cell.cell.id, [*asked], deadline)
    assert answers is not None, mismatch(
        f"{len(asked)} live queries at once are answered within {deadline.length_s:g} s", "not all were"
    )
    columns = [{name for row in rows for name in row} for rows in answers]
    for (sql, expect), rows, found in zip(asked.items(), answers, columns, strict=True):
        expected = {column: timeline.render(template) for column, template in expect.items()}
        right = any(expected.items() <= row.items() for row in rows)
        assert right, mismatch(
            f"asked together with {len(asked) - 1} more, {sql!r} is answered with a row {expected!r}",
            f"{len(rows)} rows with {', '.join(sorted(found)) or 'no column'}, as of another query",
        )


@check(
    "Asked again in the same words, a live query is answered anew",
    declared=declares(
        "live query whose answer moves (live_query.then.moves)", lambda profile: _moving(profile)
    ),
    backend=[BackendFeature.LIVE_QUERY],
    requires=["functions.live_query_again"],
)
def test_answered_anew(cell: CellSession, moving: Moving) -> None:
    query = cell.profile.live_query
    assert query is not None
    for each in _moving(cell.profile):
        deadline = cell.within(query.deadline_s)
        with cell.recorder.stopwatch.waiting():
            if (rest_s := MOVES_S - moving.since_s(each.sql)) > 0:
                deadline.pause(rest_s)
            rows = cell.backend.ask(cell.cell.id, each.sql, deadline)
        asked = f"{each.sql!r}, asked again after {moving.since_s(each.sql):.0f} s,"
        assert rows, mismatch(f"{asked} is answered within {deadline.length_s:g} s", "it was not answered")
        before, now = moving.first.get(each.sql, ("", 0.0))[0], rows[0].get(each.moves, "")
        assert now != before, mismatch(f"{asked} is answered anew", f"again {each.moves}={now!r}")


def _moving(profile: AgentProfile) -> tuple[FurtherQuery, ...]:
    query = profile.live_query
    return tuple(each for each in query.then if each.moves) if query else ()


def _further(profile: AgentProfile) -> object:
    return profile.live_query and profile.live_query.then


def _ask_in_vain(cell: CellSession, timeline: Timeline, query: LiveQuery) -> str:
    """Ask what cannot be answered; how a message names what follows it. The agent says that it failed, or nothing."""
    if not query.invalid:
        return ""
    rows = None
    with suppress(CandidateError), timeline.provoking(), cell.recorder.stopwatch.waiting():
        rows = cell.backend.ask(cell.cell.id, query.invalid, cell.within(query.deadline_s))
    # Another team's backend may not hand on what the agent says of a query that failed.
    assert rows is None or not isinstance(cell.backend, CountsAnswers), mismatch(
        f"{query.invalid!r}, which it cannot answer, is reported as failed",
        f"it is reported as successful, with {len(rows or ())} rows",
    )
    return f", asked after {query.invalid!r}"
