"""An isolation that also shuts the door by which WinRM comes in: what others see of the host decides."""

from collections.abc import Sequence
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from harness.checks import test_control as control
from harness.lifecycle import isolation
from harness.model.errors import GuestUnreachable
from harness.model.machine import Fault, HostPort, MachineCondition, MachineState
from harness.model.profile import AgentProfile
from tests.unit.cell.stand_ins import PROFILE

NEIGHBOUR = HostPort(host="10.0.2.101", port=80)
RUNS = MachineCondition(state=MachineState.RUNNING, guest_alive=True)


class Host:
    """A host with an agent that isolates it as the test says; machine, guest and backend in one."""

    name = "stand-in"

    def __init__(
        self, *, shuts: bool = True, backend_lost: bool = False, leaks: bool = False, spares: bool = False
    ) -> None:
        self.shuts, self.backend_lost, self.leaks, self.spares = shuts, backend_lost, leaks, spares
        self.words, self.deaf = "", False
        self.isolated, self.met = False, 0
        self.said = RUNS

    def neighbour(self) -> HostPort:
        return NEIGHBOUR

    def contacts(self) -> Sequence[float]:
        return [0.0] * self.met

    def heard(self) -> str:
        return "" if self.deaf else self.words

    def calls(self, address: HostPort, word: str, *, hold_s: float) -> Any:
        assert hold_s > 0
        self.words += word
        return self.reaches(address)

    def condition(self) -> MachineCondition:
        return self.said

    def reaches(self, _: HostPort, *, saying: str = "") -> Any:
        got_through = not self.isolated or self.leaks
        self.met += got_through
        self.words += saying if self.spares or not self.isolated else ""
        if self.isolated and self.shuts:
            raise GuestUnreachable("no answer")
        return SimpleNamespace(reached=got_through)

    def configure(self, _: str, configuration: Any) -> float:
        if not (self.isolated and self.backend_lost):
            self.isolated = configuration["response"]["isolate"]
        return 0.0

    def wait_status(self, _: str, contains: str, *_rest: object, **__: object) -> Any:
        state = "engaged" if self.isolated else "released"
        return SimpleNamespace(message=contains) if contains.endswith(state) else None

    def wait_seen(self, *_: object, **__: object) -> Any:
        return None if self.isolated and self.backend_lost else object()

    def ignorance(self, _: object) -> str:
        return ""


def looked(host: Host, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the check notes of this host; raises what it finds."""
    profile: AgentProfile = PROFILE
    notes: dict[str, str] = {}
    monkeypatch.setattr(isolation, "HasNeighbour", Host)
    cell: Any = SimpleNamespace(
        machine=host,
        guest=host,
        backend=host,
        profile=profile,
        cell=SimpleNamespace(id="c"),
        expected_boots=1,
        note=lambda name, value: notes.update({name: str(value)}),
        within=lambda seconds: SimpleNamespace(length_s=seconds),
        recorder=SimpleNamespace(stopwatch=SimpleNamespace(waiting=nullcontext)),
    )
    timeline: Any = SimpleNamespace(endpoint=None)
    control.test_isolation_enforced(cell, timeline)
    return notes


def test_a_good_agent_passes_and_it_is_said_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = looked(Host(), monkeypatch)
    assert (
        "isolated: 10.0.2.101:80 was not reached, by its own record; the guest lets nobody in"
        in notes["reached"]
    )


def test_one_that_leaves_the_door_open_passes_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "isolated: 10.0.2.101:80 was not reached;" in looked(Host(shuts=False), monkeypatch)["reached"]


def test_one_that_loses_its_backend_too_fails_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="the isolated host still reaches its backend"):
        looked(Host(backend_lost=True), monkeypatch)


def test_one_that_still_reaches_others_fails_by_their_record(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="was reached, by its own record"):
        looked(Host(leaks=True), monkeypatch)


@pytest.mark.parametrize(
    "said",
    [
        MachineCondition(state=MachineState.GONE, fault=Fault.HOST, reason="its process died"),
        MachineCondition(state=MachineState.RUNNING, boots=2, guest_alive=True),
        MachineCondition(state=MachineState.RUNNING, guest_alive=False),
    ],
)
def test_a_machine_that_is_not_well_is_judged_elsewhere(
    said: MachineCondition, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host()
    host.said = said
    with pytest.raises(GuestUnreachable):
        looked(host, monkeypatch)


def test_one_that_is_heard_by_nobody_may_hang_where_there_is_no_second_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host(backend_lost=True)
    host.said = MachineCondition(state=MachineState.RUNNING)
    with pytest.raises(GuestUnreachable):
        looked(host, monkeypatch)
    assert looked(host=_without_second_word(), monkeypatch=monkeypatch)


def _without_second_word() -> Host:
    host = Host()
    host.said = MachineCondition(state=MachineState.RUNNING)
    return host


def test_one_that_spares_what_was_open_before_fails_by_the_neighbours_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(AssertionError, match="before the isolation carries nothing more"):
        looked(Host(shuts=False, spares=True), monkeypatch)


def test_where_the_neighbour_heard_nothing_before_that_is_said_and_proves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host(shuts=False, spares=True)
    host.deaf = True
    assert "the neighbour did not hear" in looked(host, monkeypatch)["not shown"]
