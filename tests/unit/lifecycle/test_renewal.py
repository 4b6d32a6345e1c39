"""Whether an agent that has to enrol meets another certificate: only one that comes again soon does."""

import contextlib
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.backend.trouble import Enrolments, Presented
from harness.lifecycle.renewal import Renewal
from harness.model.deadline import Deadline


class Backend:
    """An agent whose enrolments fail at these moments, and which is fooled or is not."""

    name = "fake"

    def __init__(self, failed: Sequence[float], told: str, *, let_in_meanwhile: bool = False) -> None:
        self._failed, self._told, self._let_in_meanwhile = failed, told, let_in_meanwhile
        self.shown = 0

    def __getattr__(self, name: str) -> Any:
        """What `Troubles` has beside it is not asked for."""
        return lambda *_args, **_named: None

    def failed_enrolments(self, _cell: str) -> Sequence[float]:
        return self._failed

    def enrolled(self, _cell: str) -> Enrolments:
        return Enrolments(("a", "a") if self._let_in_meanwhile and self.shown else ("a",), 1, 0)

    @contextlib.contextmanager
    def impostor(self, *, renewed: bool = False) -> Iterator[Any]:
        assert not renewed
        self.shown = 1
        trusted = {Presented.OTHER_AUTHORITY: self._told} if self._told else {}
        yield SimpleNamespace(shown=1, trusted=trusted, wait=lambda *_: True)


def met(backend: Backend) -> tuple[int, str, float]:
    session = SimpleNamespace(
        cell=SimpleNamespace(id="c"),
        backend=backend,
        profile=SimpleNamespace(check_in=SimpleNamespace(heartbeat_s=10.0)),
    )
    renewal = Renewal(cast(Any, SimpleNamespace(session=session)))
    known = SimpleNamespace(enrolled_at=1.0)
    return renewal._meets_a_stranger(cast(Any, known), Deadline.after(5))


@pytest.mark.parametrize("told", ["", "POST /enroll"])
def test_an_agent_that_comes_again_soon_meets_one_and_may_take_longer(told: str) -> None:
    shown, sent, more_s = met(Backend((10.0, 10.2), told))
    assert (shown, sent) == (1, told)
    assert more_s >= 10


@pytest.mark.parametrize("failed", [(), (10.0,), (10.0, 40.0)])
def test_one_that_comes_seldom_is_not_kept_waiting(failed: tuple[float, ...]) -> None:
    assert met(backend := Backend(failed, "")) == (0, "", 0.0)
    assert not backend.shown


def test_what_was_met_at_a_poll_says_nothing_of_enrolments() -> None:
    assert met(Backend((10.0, 10.2), "POST /config", let_in_meanwhile=True))[:2] == (0, "")
