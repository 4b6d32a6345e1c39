"""An agent that only a scheduled task starts says nothing where no task is ever run."""

from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.cell.never_run import NeverRun, require_tasks_run
from harness.config.load import load_profile
from harness.model.errors import GuestFault, GuestUnreachable, InfrastructureError
from harness.model.profile import AgentProfile
from harness.model.substrate import GuestSystem
from tests.integration.known_bad.profile import SHIPPED

FAILED = AssertionError("Expected: the agent enrols within 30 s. Found: it did not.\nmore")
BEGAN = datetime(2026, 11, 30, 12, tzinfo=UTC)
FILE = "C:\\windows\\system32\\tasks\\Acme\\Agent"


@cache
def shipped() -> AgentProfile:
    return load_profile(str(SHIPPED))[0]


def profile(*, running: bool = False) -> AgentProfile:
    services = tuple(each.model_copy(update={"running": running}) for each in shipped().services)
    return shipped().model_copy(update={"services": services})


def guest(modified: datetime | None = BEGAN + timedelta(seconds=5)) -> Any:
    told = modified and modified.isoformat()
    task = {"name": "\\Acme\\Agent", "file": FILE, "modified": told, "identifier": None}
    return SimpleNamespace(probe=lambda *_, **__: [task])


def judged(
    asked: Any,
    declared: AgentProfile,
    error: BaseException = FAILED,
    system: GuestSystem = GuestSystem.WINE,
) -> BaseException:
    machine = cast(Any, SimpleNamespace(guest_system=system))
    return require_tasks_run(error, machine, asked, declared, BEGAN)


def test_one_that_a_task_starts_is_the_labs_on_wine() -> None:
    with pytest.raises(
        NeverRun, match=r"the scheduled task \\Acme\\Agent, .* Seen because: .*did not\."
    ) as told:
        raise judged(guest(), profile())
    assert isinstance(told.value, InfrastructureError)


@pytest.mark.parametrize(
    ("asked", "declared", "error", "system"),
    [
        (guest(), profile(running=True), FAILED, GuestSystem.WINE),
        (guest(), profile(), FAILED, GuestSystem.WINDOWS),
        (guest(BEGAN - timedelta(days=1)), profile(), FAILED, GuestSystem.WINE),
        (guest(None), profile(), FAILED, GuestSystem.WINE),
        (guest(), profile(), GuestUnreachable("silent"), GuestSystem.WINE),
    ],
    ids=["a service runs", "Windows", "a task of before", "no file", "another error"],
)
def test_any_other_failure_stays_what_it_was(
    asked: Any, declared: AgentProfile, error: BaseException, system: GuestSystem
) -> None:
    assert judged(asked, declared, error, system) is error


def test_a_guest_that_does_not_answer_is_judged_elsewhere() -> None:
    def silent(*_: object, **__: object) -> Any:
        raise GuestFault("silent")

    assert judged(SimpleNamespace(probe=silent), profile()) is FAILED
