"""Requests that Wine holds back: the agent may be as much later, and what fails all the same is not the candidate's."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.backend.seen import Sightings
from harness.cell.lateness import HeldBack, Lateness
from harness.model.errors import BackendError, GuestUnreachable
from harness.model.report import ExcusedBy
from harness.model.substrate import GuestSystem

FAILED = AssertionError("Expected: the agent is seen again within 5 s. Found: it was not seen again.")


class Excuses(list[str]):
    def __call__(self, what: str, _why: str, by: ExcusedBy) -> None:
        assert by is ExcusedBy.SUBSTRATE
        self.append(what)


def lateness(held_s: float, excuses: Excuses | None = None) -> Lateness:
    backend = SimpleNamespace(sightings=lambda _: Sightings(requests=3, body_held_s=held_s))
    return Lateness("cell", cast(Any, backend), excuses if excuses is not None else Excuses())


def test_an_agent_may_take_as_much_longer_and_the_report_says_so_once() -> None:
    excuses = Excuses()
    late = lateness(10.0, excuses)
    assert (late.granted_s(GuestSystem.WINE), late.granted_s(GuestSystem.WINE)) == (10.0, 10.0)
    assert excuses == ["requests that are heard 10.0 s late, so that it may take as much longer"]


def test_what_fails_all_the_same_is_the_labs() -> None:
    with pytest.raises(HeldBack, match=r"heard up to 10\.0 s late.*it was not seen again"):
        raise lateness(10.0).judge(FAILED, GuestSystem.WINE)


def test_a_body_that_has_not_come_explains_a_failure_and_grants_no_time() -> None:
    backend = SimpleNamespace(sightings=lambda _: Sightings(requests=0, body_awaited_s=600.0))
    late = Lateness("cell", cast(Any, backend), Excuses())
    assert late.granted_s(GuestSystem.WINE) == 0
    assert isinstance(late.judge(FAILED, GuestSystem.WINE), HeldBack)


@pytest.mark.parametrize(
    ("held_s", "system", "error"),
    [
        (0.2, GuestSystem.WINE, FAILED),  # a busy host
        (10.0, GuestSystem.WINDOWS, FAILED),
        (10.0, GuestSystem.WINE, GuestUnreachable("no answer")),
    ],
)
def test_whatever_else_fails_stays_what_it_is(
    held_s: float, system: GuestSystem, error: BaseException
) -> None:
    assert lateness(held_s).judge(error, system) is error


@pytest.mark.parametrize(("held_s", "system"), [(0.2, GuestSystem.WINE), (10.0, GuestSystem.WINDOWS)])
def test_nobody_else_is_granted_anything(held_s: float, system: GuestSystem) -> None:
    excuses = Excuses()
    assert lateness(held_s, excuses).granted_s(system) == 0
    assert excuses == []


def test_a_backend_that_does_not_tell_grants_and_excuses_nothing() -> None:
    def broken(_cell: str) -> Sightings:
        raise BackendError("gone")

    for backend in (SimpleNamespace(), SimpleNamespace(sightings=broken)):
        late = Lateness("cell", cast(Any, backend), Excuses())
        assert late.granted_s(GuestSystem.WINE) == 0
        assert late.judge(FAILED, GuestSystem.WINE) is FAILED
