"""Orders to a service that does not stand still: it may be on its way, restart itself, or refuse."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.guest.console import Console
from harness.guest.facts import CommandResult, ServiceState
from harness.guest.services import Services, ServiceStateNotReached
from harness.model.deadline import Deadline
from harness.probe.answers.services import Service

STOPPED, STARTING, STOPPING, RUNNING = (1, 2, 3, 4)


@dataclass
class StandInManager:
    """Goes from one state to the next each time it is asked, and answers orders as Windows does."""

    states: list[int]
    """The present one, and those that follow."""
    orders: list[int]
    """How `sc` ends, order by order."""
    pids: list[int] = field(default_factory=lambda: [7])
    asked: list[str] = field(default_factory=list)

    def run(self, command: list[str], *_: Any, **__: Any) -> CommandResult:
        self.asked.append(command[1])
        return CommandResult("sc", self.orders.pop(0), "", "", 0.0)

    def probe(self, *_: Any, **__: Any) -> list[Service]:
        state, pid = (each.pop(0) if len(each) > 1 else each[0] for each in (self.states, self.pids))
        told = SimpleNamespace(service_type=16, state=state, win32_exit_code=0, service_exit_code=0, pid=pid)
        return [cast("Service", SimpleNamespace(manager=told, registry=None))]


def services(manager: StandInManager) -> Services:
    return Services(cast("Console", manager))


def soon() -> Deadline:
    return Deadline.after(20)


def test_a_service_that_is_on_its_way_is_asked_again_when_it_takes_orders() -> None:
    manager = StandInManager([STOPPING, STOPPING, STARTING, STARTING, RUNNING, STOPPED], [1061, 1061, 0])
    assert services(manager).stop("agent", soon()).state is ServiceState.STOPPED
    assert manager.asked == ["stop"] * 3


def test_a_start_while_it_still_stops_is_repeated() -> None:
    manager = StandInManager([STOPPING, STOPPING, STOPPED, RUNNING], [1056, 0])
    assert services(manager).start("agent", soon()).state is ServiceState.RUNNING
    assert manager.asked == ["start"] * 2


def test_a_service_that_its_agent_started_again_did_stop() -> None:
    manager = StandInManager([RUNNING, RUNNING], [0], pids=[7, 8])
    assert services(manager).stop("agent", soon()).state is ServiceState.RUNNING


def test_a_service_that_goes_on_in_the_same_process_did_not_stop() -> None:
    manager = StandInManager([RUNNING], [0])
    with pytest.raises(ServiceStateNotReached, match=r"did not become STOPPED within 0\.3 s: it is RUNNING"):
        services(manager).stop("agent", Deadline.after(0.3))


@pytest.mark.parametrize("code", [5, 1052, 1060])
def test_a_refusal_is_final_and_named(code: int) -> None:
    manager = StandInManager([RUNNING], [code])
    with pytest.raises(ServiceStateNotReached, match=f"because `sc stop` ended with exit code {code}"):
        services(manager).stop("agent", soon())
    assert manager.asked == ["stop"]


def test_a_service_that_never_takes_an_order_ends_with_the_deadline() -> None:
    manager = StandInManager([STOPPING], [1061] * 100)
    with pytest.raises(ServiceStateNotReached, match="1061"):
        services(manager).stop("agent", Deadline.after(0.3))
