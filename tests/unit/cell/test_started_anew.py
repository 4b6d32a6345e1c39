"""A service that ends as it may, where nobody starts it anew, says nothing about the candidate; a crash does."""

from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.cell.started_anew import NotStartedAnew, require_started_anew
from harness.config.load import load_profile
from harness.guest.facts import ServiceState
from harness.guest.service_processes import ServiceProcesses
from harness.model.errors import GuestUnreachable, InfrastructureError
from harness.model.profile import AgentProfile
from harness.model.substrate import GuestSystem
from tests.integration.known_bad.profile import SHIPPED

ABORTED = 1067
"""ERROR_PROCESS_ABORTED."""


@cache
def shipped() -> AgentProfile:
    return load_profile(str(SHIPPED))[0]


def profile(restarts: int = 1, recovery: tuple[str, ...] = ("restart",)) -> AgentProfile:
    declared = shipped()
    services = tuple(each.model_copy(update={"recovery": recovery}) for each in declared.services)
    health = declared.health.model_copy(update={"restarts": restarts})
    return declared.model_copy(update={"services": services, "health": health})


class Machine:
    """Told of crashes; nothing else is asked of it."""

    def __init__(self, system: GuestSystem = GuestSystem.WINE, crashed: Sequence[str] = ()) -> None:
        self.guest_system, self._crashed = system, crashed

    def crashed(self) -> Sequence[str]:
        return self._crashed


def guest(state: ServiceState = ServiceState.STOPPED, code: int = ABORTED) -> Any:
    facts = SimpleNamespace(state=state, win32_exit_code=code)
    return SimpleNamespace(services=SimpleNamespace(query=lambda _: facts, processes=ServiceProcesses()))


FAILED = AssertionError("Expected: service BvtRefAgent runs. Found: it is stopped.")


def judged(
    machine: Machine,
    asked: Any,
    declared: AgentProfile,
    error: BaseException = FAILED,
    *,
    over_time: bool = False,
) -> BaseException:
    return require_started_anew(error, cast(Any, machine), asked, declared, over_time=over_time)


def test_one_that_may_restart_and_is_down_on_wine_is_the_labs() -> None:
    with pytest.raises(NotStartedAnew, match=r"as the profile allows \(health\.restarts\)") as told:
        raise judged(Machine(), guest(), profile())
    assert isinstance(told.value, InfrastructureError)


@pytest.mark.parametrize(
    ("machine", "asked", "declared"),
    [
        (Machine(GuestSystem.WINDOWS), guest(), profile()),
        (Machine(crashed=("C:\\a.exe",)), guest(), profile()),
        (Machine(), guest(ServiceState.RUNNING), profile()),
        (Machine(), guest(code=0), profile()),
        (Machine(), guest(), profile(restarts=0)),
        (Machine(), guest(), profile(recovery=("none",))),
    ],
)
def test_every_other_failure_stays_what_it_is(machine: Machine, asked: Any, declared: AgentProfile) -> None:
    assert judged(machine, asked, declared) is FAILED


def ended_before() -> Any:
    """It runs again, and was down before."""
    runs = guest(ServiceState.RUNNING)
    runs.services.processes.saw("BvtRefAgent", 10)
    runs.services.processes.saw_down("BvtRefAgent", ABORTED)
    return runs


SILENT = AssertionError("Expected: it is heard at least once in 9 s. Found: it was silent for 12 s.")


def test_one_that_was_down_for_a_while_explains_what_is_judged_over_time() -> None:
    with pytest.raises(NotStartedAnew, match=r"until the harness did\. Seen because: .*silent for 12 s"):
        raise judged(Machine(), ended_before(), profile(), SILENT, over_time=True)


def test_one_that_a_failure_met_is_remembered_after_it_was_started() -> None:
    asked = guest()
    assert isinstance(judged(Machine(), asked, profile()), NotStartedAnew)
    asked.services.query = lambda _: SimpleNamespace(state=ServiceState.RUNNING, win32_exit_code=0)
    assert isinstance(judged(Machine(), asked, profile(), SILENT, over_time=True), NotStartedAnew)


@pytest.mark.parametrize(
    ("machine", "asked", "declared", "over_time"),
    [
        (Machine(), ended_before(), profile(), False),
        (Machine(), ended_before(), profile(restarts=0), True),
        (Machine(crashed=("C:\\a.exe",)), ended_before(), profile(), True),
        (Machine(), guest(ServiceState.RUNNING), profile(), True),
    ],
)
def test_one_that_was_down_explains_nothing_else(
    machine: Machine, asked: Any, declared: AgentProfile, over_time: bool
) -> None:
    assert judged(machine, asked, declared, SILENT, over_time=over_time) is SILENT


def test_silence_is_judged_elsewhere() -> None:
    def silent(_: str) -> Any:
        raise GuestUnreachable("nobody answers")

    asked = SimpleNamespace(services=SimpleNamespace(query=silent, processes=ServiceProcesses()))
    assert judged(Machine(), asked, profile()) is FAILED
    lost = GuestUnreachable("gone")
    assert judged(Machine(), guest(), profile(), lost) is lost
