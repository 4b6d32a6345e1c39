"""A service that ends as it may, where nobody starts it anew, says nothing about the candidate; a crash does."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.cell.started_anew import NotStartedAnew, require_started_anew
from harness.config.load import load_profile
from harness.guest.facts import ServiceState
from harness.model.errors import GuestUnreachable, InfrastructureError
from harness.model.profile import AgentProfile
from harness.model.substrate import GuestSystem
from tests.integration.known_bad.profile import SHIPPED

ABORTED = 1067
"""ERROR_PROCESS_ABORTED."""


def profile(restarts: int = 1, recovery: tuple[str, ...] = ("restart",)) -> AgentProfile:
    shipped, _ = load_profile(str(SHIPPED))
    services = tuple(each.model_copy(update={"recovery": recovery}) for each in shipped.services)
    health = shipped.health.model_copy(update={"restarts": restarts})
    return shipped.model_copy(update={"services": services, "health": health})


class Machine:
    """Told of crashes; nothing else is asked of it."""

    def __init__(self, system: GuestSystem = GuestSystem.WINE, crashed: Sequence[str] = ()) -> None:
        self.guest_system, self._crashed = system, crashed

    def crashed(self) -> Sequence[str]:
        return self._crashed


def guest(state: ServiceState = ServiceState.STOPPED, code: int = ABORTED) -> Any:
    facts = SimpleNamespace(state=state, win32_exit_code=code)
    return SimpleNamespace(services=SimpleNamespace(query=lambda _: facts))


FAILED = AssertionError("Expected: service BvtRefAgent runs. Found: it is stopped.")


def judged(
    machine: Machine, asked: Any, declared: AgentProfile, error: BaseException = FAILED
) -> BaseException:
    return require_started_anew(error, cast(Any, machine), asked, declared)


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


def test_silence_is_judged_elsewhere() -> None:
    def silent(_: str) -> Any:
        raise GuestUnreachable("nobody answers")

    asked = SimpleNamespace(services=SimpleNamespace(query=silent))
    assert judged(Machine(), asked, profile()) is FAILED
    lost = GuestUnreachable("gone")
    assert judged(Machine(), guest(), profile(), lost) is lost
