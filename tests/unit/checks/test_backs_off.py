"""Pauses that do not grow are looked at again before they are held against an agent: a busy host stretches some."""

from itertools import accumulate
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cell.check import NotApplicable
from harness.checks.test_trust import test_backs_off as backs_off
from harness.model.substrate import Substrate


def cell() -> Any:
    noted: dict[str, object] = {}
    return SimpleNamespace(
        machine=SimpleNamespace(substrate=Substrate.WINE), note=noted.__setitem__, noted=noted
    )


def moments(*pauses: float) -> tuple[float, ...]:
    return tuple(accumulate(pauses, initial=1000.0))


class Outages:
    """An agent's requests in the first outage, and in the second."""

    def __init__(self, first: tuple[float, ...], second: tuple[float, ...] = ()) -> None:
        self.ended = SimpleNamespace(failed=first)
        self._second, self.repeated = second, 0

    @property
    def failed_again(self) -> tuple[float, ...]:
        self.repeated += 1
        return self._second


def look(outages: Any, session: Any = None) -> None:
    backs_off(session or cell(), outages)


def test_pauses_that_grow_are_looked_at_once() -> None:
    outages = Outages(moments(0.25, 0.5, 1.0))
    look(outages)
    assert outages.repeated == 0


def test_one_that_a_busy_host_stretched_is_not_held_against_the_agent() -> None:
    """As seen on a host with seven times the work that it can do."""
    session, outages = cell(), Outages(moments(1.0, 0.57, 1.22), moments(0.9, 0.6, 1.1, 2.3, 4.2))
    look(outages, session)
    assert outages.repeated == 1
    assert session.noted["pauses in s, looked at again"] == "0.90, 0.60, 1.10, 2.30, 4.20"


def test_a_steady_pace_is_found_the_second_time_too() -> None:
    with pytest.raises(AssertionError, match=r"they do not: 0\.50, 0\.52, 0\.50, 0\.51, 0\.50 s"):
        look(Outages(moments(0.5, 0.5, 0.6), moments(0.5, 0.52, 0.5, 0.51, 0.5)))


@pytest.mark.parametrize("second", [(), (1000.0,)])
def test_too_few_requests_prove_nothing(second: tuple[float, ...]) -> None:
    with pytest.raises(NotApplicable, match="too few"):
        look(Outages(moments(1.0, 0.57, 1.22), second))
    with pytest.raises(NotApplicable, match="too few"):
        look(Outages(second))
