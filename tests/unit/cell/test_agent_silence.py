"""A silent agent is found silent once; what was raised once is one failure."""

from typing import Any, cast

import pytest

from harness.backend.interface import Backend, BackendFeature, Endpoint
from harness.cell.agent_silence import AGAIN_S, AgentSilence
from harness.cell.same_failure import SameFailure
from harness.model.deadline import Deadline
from harness.model.errors import BackendError

CELL, HEARTBEAT = "win11/fresh", "check-in.heartbeat"


class Ears:
    """A backend that heard of the agent, or did not; it keeps for how long it was asked to wait."""

    features = frozenset(BackendFeature)

    def __init__(self, heard: bool = False) -> None:
        self.heard = heard
        self.waited: list[float] = []

    def wait_seen(self, cell: str, deadline: Deadline, *, after: float) -> Endpoint | None:
        self.waited.append(deadline.length_s)
        endpoint = Endpoint(cell=cell, host_identifier="h", version="1", enrolled_at=after, last_seen=after)
        return endpoint if self.heard else None


def silence(backend: Any) -> AgentSilence:
    return AgentSilence(CELL, cast("Backend", backend))


def test_an_agent_that_nobody_heard_is_silent_until_it_is_heard_again() -> None:
    ears = Ears()
    found = silence(ears)
    assert found.still() == ""
    found.notice(HEARTBEAT, 10)
    found.notice("check-in.recovers", 10)
    assert found.still() == HEARTBEAT
    assert max(ears.waited) < 1  # no later check waits for it
    ears.heard = True
    assert found.still() == ""


def test_an_agent_that_was_heard_meanwhile_is_not_silent() -> None:
    found = silence(Ears(heard=True))
    found.notice("functions.live_query", 10)
    assert found.still() == ""


def test_after_a_reboot_it_is_waited_for_once_more_and_not_for_long() -> None:
    ears = Ears()
    found = silence(ears)
    found.notice(HEARTBEAT, 10)
    found.rebooted()
    assert found.still() == found.still() == HEARTBEAT
    assert [wait for wait in ears.waited if wait >= 1] == [AGAIN_S]
    assert found.patience(Deadline.after(300)).length_s == AGAIN_S


def test_patience_is_the_whole_deadline_for_an_agent_that_talks() -> None:
    deadline = Deadline.after(300)
    assert silence(Ears()).patience(deadline) is deadline


def test_a_backend_that_does_not_tell_finds_no_agent_silent() -> None:
    ears = Ears()
    ears.features = frozenset({BackendFeature.TELEMETRY})
    found = silence(ears)
    found.notice(HEARTBEAT, 10)
    assert found.still() == ""


def test_a_backend_that_fails_finds_no_agent_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BackendError("gone")

    monkeypatch.setattr(Ears, "wait_seen", fail)
    found = silence(Ears())
    found.notice(HEARTBEAT, 10)
    assert not found.found_by


def test_the_very_failure_that_an_earlier_check_met_is_that_ones() -> None:
    same, error, like_it = SameFailure(), AssertionError("no"), AssertionError("no")
    assert same.met_in(error, "uninstall.exit_code") is None
    assert same.met_in(error, "uninstall.exit_code") is None  # the check itself, run again
    assert same.met_in(error, "residue.files") == "uninstall.exit_code"
    assert same.met_in(like_it, "residue.services") is None
