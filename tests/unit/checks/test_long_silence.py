"""An agent that is silent just while another certificate is shown: the check that names silences has it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from harness.backend.seen import Sightings
from harness.cell.check import Blocked, NotApplicable
from harness.checks import test_last_look as last_look
from harness.checks import test_trust as trust
from harness.lifecycle import in_touch, stranger
from harness.lifecycle.in_touch import NAMED_BY
from harness.lifecycle.stranger import Stranger
from harness.model.deadline import Deadline
from harness.model.report import Outcome
from tests.unit.cell.stand_ins import PROFILE

HEARTBEAT_S = 10.0
QUICK = PROFILE.model_copy(
    update={"check_in": PROFILE.check_in.model_copy(update={"heartbeat_s": HEARTBEAT_S})}
)


class Backend:
    """It has not heard of the agent for so long, nor does anybody come to another certificate."""

    name, features = "stand-in", frozenset[Any]()

    def __init__(self, silent_s: float, *, comes_back: bool) -> None:
        self.silent_s, self.comes_back, self.shown, self.resumed = silent_s, comes_back, 0, 0

    @contextmanager
    def impostor(self, **_: object) -> Iterator[Any]:
        yield SimpleNamespace(
            shown=self.shown, resumed=self.resumed, shown_as={}, trusted={}, wait=lambda *_: False
        )

    def wait_seen(self, *_: object, **__: object) -> Any:
        return object() if self.comes_back else None

    def sightings(self, _: str) -> Sightings:
        now = time.time()
        return Sightings(requests=7, silences=((now - self.silent_s, now),))

    def refusals(self, _: str) -> tuple[()]:
        return ()

    def protocol_errors(self, _: str) -> tuple[()]:
        return ()


def a_cell(backend: Backend, *, disturbed: tuple[float, ...] = ()) -> Any:
    return SimpleNamespace(
        backend=backend,
        profile=QUICK,
        cell=SimpleNamespace(id="c", checks=("check-in.other_certificate", NAMED_BY)),
        within=lambda seconds: SimpleNamespace(length_s=seconds, pause=lambda _: None),
        note=lambda *_: None,
        disturb=lambda _: None,
        disturbed=disturbed,
        recorder=SimpleNamespace(
            stopwatch=SimpleNamespace(waiting=nullcontext), outcomes={"check-in.enrolled": Outcome.PASSED}
        ),
    )


@pytest.fixture(autouse=True)
def _all_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stranger, "Troubles", Backend)
    monkeypatch.setattr(in_touch, "Sees", Backend)
    monkeypatch.setattr(Deadline, "pause", lambda *_: None)


TIMELINE: Any = SimpleNamespace(endpoint=None, provoking=nullcontext)


def stranger_of(cell: Any) -> Stranger:
    timeline: Any = SimpleNamespace(session=cell, provoking=nullcontext)
    return Stranger(timeline)


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_long_silence_is_named_by_the_check_of_silences(comes_back: bool) -> None:
    cell = a_cell(Backend(22, comes_back=comes_back))
    with pytest.raises(Blocked) as held:
        trust.test_other_certificate(cell, TIMELINE, stranger_of(cell))
    assert held.value.by == NAMED_BY
    with pytest.raises(AssertionError, match=r"at least once in 15 s\. Found: it was silent for 22 s"):
        last_look.test_in_touch(cell)


def test_what_is_no_long_silence_stays_the_check_s_own() -> None:
    cell = a_cell(Backend(11, comes_back=True))
    with pytest.raises(AssertionError, match="cut off, the agent comes again within 10 s"):
        trust.test_other_certificate(cell, TIMELINE, stranger_of(cell))


def test_where_nobody_met_the_stranger_nothing_is_said_of_coming_back() -> None:
    cell = a_cell(Backend(11, comes_back=False))
    with pytest.raises(Blocked) as held:
        trust.test_comes_back(cell, TIMELINE, stranger_of(cell))
    assert held.value.by == "check-in.other_certificate"


def test_an_agent_that_stays_away_once_it_met_a_stranger_is_named_by_itself() -> None:
    backend = Backend(1, comes_back=False)
    backend.shown = 4
    cell = a_cell(backend)
    with pytest.raises(AssertionError, match=r"the agent is seen within 10 s\. Found: it was not"):
        trust.test_comes_back(cell, TIMELINE, stranger_of(cell))


def test_a_silence_that_the_harness_made_is_none() -> None:
    backend = Backend(22, comes_back=True)
    last_look.test_in_touch(a_cell(backend, disturbed=(time.time() - 20,)))


@pytest.mark.parametrize(
    "check", [trust.test_other_certificate, trust.test_wrong_certificate, trust.test_comes_back]
)
def test_of_an_agent_that_resumes_a_session_each_time_nothing_is_said(check: Any) -> None:
    backend = Backend(1, comes_back=True)
    backend.resumed = 3
    cell = a_cell(backend)
    often = QUICK.check_in.model_copy(update={"requests_per_s": 1e9})  # no time passes here
    cell.profile = QUICK.model_copy(update={"check_in": often})
    with pytest.raises(NotApplicable, match="resumed a TLS session 3 times"):
        check(cell, TIMELINE, stranger_of(cell))
