"""What an agent has noticed before it is stopped in an outage; of anything else nobody may say that it was lost."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cell.check import NotApplicable
from harness.checks import test_restart as restart_checks
from harness.lifecycle import kept_events
from harness.lifecycle.kept_events import LATE, change_noticed, looks_each_s
from harness.lifecycle.outage import LONGEST_S, SINCE
from harness.lifecycle.reports_on import KIND
from harness.model.deadline import Deadline
from tests.unit.cell.stand_ins import PROFILE

DONE: Any = object()


class Clock:
    """A clock that only waiting moves on, as this test's agent and its backend do."""

    def __init__(self, *, retries_each_s: float) -> None:
        self.now, self.retries_each_s = 100.0, retries_each_s
        self.changed_at = 0.0
        self.asked: list[int] = []

    def monotonic(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def change(self, _: object, given: list[str]) -> Any:
        given.append("nonce")
        self.changed_at = self.now
        return DONE

    def wait_failures(self, _: str, count: int, deadline: Deadline) -> bool:
        self.asked.append(count)
        needed_s = (count - 1) * self.retries_each_s
        self.now += min(needed_s, deadline.length_s)
        return needed_s <= deadline.length_s


def noticed(monkeypatch: pytest.MonkeyPatch, clock: Clock, *, looks_s: float, heartbeat_s: float = 40) -> Any:
    monkeypatch.setattr(kept_events, "time", clock)
    monkeypatch.setattr(kept_events, "change", clock.change)
    monkeypatch.setattr(Deadline, "pause", lambda _, seconds: clock.pause(seconds))
    return change_noticed(timeline(looks_s, heartbeat_s), clock, [])  # type: ignore[arg-type]


def timeline(looks_s: float, heartbeat_s: float = 40) -> Any:
    assert PROFILE.configuration is not None
    query = PROFILE.telemetry[KIND].query
    base = {"schedule": {query: {"query": "SELECT 1", "interval": looks_s}}} if looks_s else {}
    profile = PROFILE.model_copy(
        update={
            "check_in": PROFILE.check_in.model_copy(update={"heartbeat_s": heartbeat_s}),
            "configuration": PROFILE.configuration.model_copy(update={"base": base}),
        }
    )
    session = SimpleNamespace(
        profile=profile,
        cell=SimpleNamespace(id="c"),
        within=Deadline.after,
        recorder=SimpleNamespace(stopwatch=SimpleNamespace(waiting=nullcontext)),
    )
    return SimpleNamespace(session=session)


@pytest.mark.parametrize("looks_s", [0.25, 2.0, LONGEST_S])
def test_the_outage_lasts_until_the_agent_has_looked(monkeypatch: pytest.MonkeyPatch, looks_s: float) -> None:
    clock = Clock(retries_each_s=1.0)
    assert noticed(monkeypatch, clock, looks_s=looks_s) is DONE
    assert clock.asked == [1 + SINCE]
    # One that looks more often than it comes is kept waiting no longer than it takes to come.
    assert clock.now - clock.changed_at == pytest.approx(max(LATE * looks_s, 1.0 * SINCE))


@pytest.mark.parametrize(("retries_each_s", "comes"), [(20.0, True), (30.0, False)])
def test_of_one_that_comes_too_seldom_nothing_is_known(
    monkeypatch: pytest.MonkeyPatch, retries_each_s: float, comes: bool
) -> None:
    clock = Clock(retries_each_s=retries_each_s)
    assert (noticed(monkeypatch, clock, looks_s=0.25) is DONE) is comes


def test_one_that_looks_too_seldom_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(retries_each_s=1.0)
    assert noticed(monkeypatch, clock, looks_s=LONGEST_S + 1) is None
    assert not clock.asked
    assert not clock.changed_at


def test_where_nobody_says_how_often_it_looks_the_events_own_deadline_counts() -> None:
    assert looks_each_s(timeline(0).session) == PROFILE.telemetry[KIND].deadline_s


@pytest.mark.parametrize(("looks_s", "why"), [(0.25, "came too seldom"), (30, "look at files each 30 s")])
def test_what_could_not_be_noticed_does_not_apply(looks_s: float, why: str) -> None:
    restarted: Any = SimpleNamespace(made=SimpleNamespace(seen=True, kept=None))
    with pytest.raises(NotApplicable, match=why):
        restart_checks.test_keeps_events(timeline(looks_s).session, restarted)
