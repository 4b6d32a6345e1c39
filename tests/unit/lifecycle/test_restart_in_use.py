"""What is told again after a restart."""

import contextlib
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.backend.interface import Event
from harness.lifecycle import reports_on
from harness.lifecycle.restart_in_use import RestartInUse, told_again
from harness.model.deadline import Deadline


def row(at: float, path: str, action: str = "added") -> Event:
    return Event(cell="c", query="file_events", action=action, columns={"target_path": path}, received_at=at)


def test_a_row_from_before_that_comes_again_is_found() -> None:
    again = row(12, "C:\\x\\bvt1.txt")
    assert told_again([row(5, "C:\\x\\bvt1.txt"), again, row(13, "C:\\x\\bvt1-new.txt")], 10, "BVT1") == [
        again
    ]


def test_rows_that_repeat_before_it_or_are_not_the_harness_s_are_none() -> None:
    rows = [row(5, "C:\\bvt1"), row(6, "C:\\bvt1"), row(5, "C:\\other"), row(12, "C:\\other")]
    assert told_again(rows, 10, "bvt1") == []


def test_another_action_is_another_event() -> None:
    assert told_again([row(5, "C:\\bvt1"), row(12, "C:\\bvt1", "removed")], 10, "bvt1") == []


@pytest.mark.parametrize(
    ("reported_from", "marked", "changes"), [(1, True, 1), (2, True, 2), (3, True, 3), (4, False, 3)]
)
def test_an_agent_that_is_heard_of_before_it_looks_at_files_gets_more_than_one_change(
    monkeypatch: pytest.MonkeyPatch, reported_from: int, marked: bool, changes: int
) -> None:
    given: list[float | None] = []

    def reports(_: object, __: list[str], within_s: float | None) -> bool:
        given.append(within_s)
        return len(given) >= reported_from

    monkeypatch.setattr(reports_on, "_reports", reports)
    monkeypatch.setattr(RestartInUse, "_restart", lambda _: None)
    monkeypatch.setattr(RestartInUse, "_act", lambda *_: None)
    session = SimpleNamespace(
        cell=SimpleNamespace(id="c"),
        profile=SimpleNamespace(check_in=SimpleNamespace(deadline_s=1.0), live_query=None),
        patience=Deadline.after,
        recorder=SimpleNamespace(stopwatch=SimpleNamespace(waiting=lambda: contextlib.nullcontext())),
        backend=SimpleNamespace(wait_seen=lambda *_, **__: object()),
    )
    timeline = SimpleNamespace(session=session, endpoint=None, nonce="bvt1")

    restarted = RestartInUse(cast(Any, timeline), cast(Any, None))

    assert restarted.made.marked is marked
    assert given == [2.0, 5.0, None][:changes]
