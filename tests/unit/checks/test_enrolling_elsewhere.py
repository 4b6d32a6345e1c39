"""An agent that has to enrol meets another certificate: what counts, which silence is excused, what is not said."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from harness.backend.embedded.impostors import Shown
from harness.backend.trouble import Presented
from harness.cell.check import NotApplicable
from harness.checks import test_trust as trust
from harness.lifecycle import enrolling_elsewhere
from harness.lifecycle.enrolling_elsewhere import EnrollingElsewhere
from harness.lifecycle.in_touch import longest
from tests.unit.cell.stand_ins import PROFILE

LATER_S = 0.01
TIMELINE: Any = SimpleNamespace(endpoint=None, provoking=nullcontext)


@dataclass
class Backend:
    """It meets an agent that does this while both certificates are shown."""

    meets: Sequence[str] = ()
    """`other`, a request to it as `other POST /log`, or `enrols`, at its own."""
    told: bool = True
    turned_away_at: float = 0.0
    enrolled_at: float | None = None
    exchanged: list[float] = field(default_factory=list)
    name: str = "stand-in"

    def turn_away(self, _: str) -> None: ...

    def wait_turned_away(self, *_: object) -> bool:
        time.sleep(LATER_S)
        self.turned_away_at = time.time()
        return self.told

    def let_in(self, _: str) -> bool:
        return self.told

    @contextmanager
    def impostor(self, **_: object) -> Iterator[Shown]:
        self.exchanged.append(time.time())
        shown = Shown(in_turns=True)
        for each in self.meets:
            time.sleep(LATER_S)
            if each == "enrols":
                self.enrolled_at = time.time()
                shown.note_served("POST /enroll")
                continue
            kind = shown.note_shown({Presented.OTHER_AUTHORITY: None})
            if request := each.removeprefix("other").strip():
                shown.note_trusted(kind, request)
        shown.wait = lambda *_: False  # type: ignore[method-assign]
        yield shown
        self.exchanged.append(time.time())

    def wait_enrolled(self, *_: object, **__: object) -> Any:
        return SimpleNamespace(enrolled_at=self.enrolled_at or time.time())


class Cell(SimpleNamespace):
    """Notes what it is told."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(
            backend=backend, profile=PROFILE, cell=SimpleNamespace(id="c"), disturbed=[], noted={}
        )
        self.recorder = SimpleNamespace(stopwatch=SimpleNamespace(waiting=nullcontext))
        self.note = self.noted.__setitem__

    def disturb(self) -> None:
        self.disturbed.append(time.time())

    def within(self, seconds: float) -> Any:
        return SimpleNamespace(length_s=seconds)

    patience = within


@pytest.fixture(autouse=True)
def _all_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolling_elsewhere, "Troubles", Backend)


def meeting_of(cell: Any, took_s: float = 0.1) -> EnrollingElsewhere:
    timeline: Any = SimpleNamespace(session=cell, provoking=nullcontext)
    renewal: Any = SimpleNamespace(made=SimpleNamespace(took_s=took_s))
    return EnrollingElsewhere(timeline, renewal)


def look(*meets: str, told: bool = True, took_s: float = 0.1) -> Any:
    cell: Any = Cell(Backend(meets, told=told))
    trust.test_other_certificate_in_turns(cell, TIMELINE, meeting_of(cell, took_s))
    return cell


def test_what_it_met_after_it_enrolled_counts() -> None:
    cell = look("other", "other", "enrols", "other", "other")
    assert cell.noted == {
        "shown since it enrolled": "2 times",
        "sent to its own certificate meanwhile": "POST /enroll",
    }


@pytest.mark.parametrize("meets", [(), ("other",) * 2, ("other",) * 3, ("other", "other", "other", "enrols")])
def test_what_it_met_before_proves_nothing(meets: Sequence[str]) -> None:
    with pytest.raises(NotApplicable, match="once it had enrolled it came too seldom"):
        look(*meets)


@pytest.mark.parametrize(
    "meets",
    [
        ("other", "other", "enrols", "other POST /log"),
        ("other", "other POST /log"),
        ("other", "other POST /log", "enrols"),
    ],
)
def test_what_it_told_is_found_whenever_it_was(meets: Sequence[str]) -> None:
    with pytest.raises(AssertionError, match=r"met its own backend\. Found: it sent POST /log"):
        look(*meets)


def test_one_that_takes_long_is_told_apart_from_one_that_does_not_come() -> None:
    with pytest.raises(NotApplicable, match="takes more than 6 s to enrol"):
        look(took_s=7)
    with pytest.raises(NotApplicable, match=r"in \d+ s it did not come to be told that it is unknown"):
        look(told=False)


def test_no_silence_counts_from_one_certificate_to_the_other() -> None:
    """Of two programs one was heard until the certificates were exchanged, and again long after they came back."""
    backend = Backend(["other", "other", "enrols", "other"])
    cell = Cell(backend)
    assert meeting_of(cell).made.since == 1
    assert backend.enrolled_at is not None
    began, ended = backend.exchanged
    hour_s = 3600.0
    assert any(backend.turned_away_at <= at <= began for at in cell.disturbed)
    assert longest([(backend.enrolled_at, ended + hour_s)], cell.disturbed).lasted_s < 1
    assert longest([(began, ended + hour_s)], cell.disturbed).lasted_s < 1


def test_a_silence_of_an_agent_that_met_nothing_is_its_own() -> None:
    backend = Backend()
    cell = Cell(backend)
    _ = meeting_of(cell).made
    _, ended = backend.exchanged
    assert longest([(ended, ended + 30)], cell.disturbed).lasted_s == 30
    assert longest([(backend.exchanged[0], ended + 30)], cell.disturbed).lasted_s >= 30
