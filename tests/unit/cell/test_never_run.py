"""An agent that only a scheduled task starts says nothing where no task is ever run."""

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
FILE = "C:\\windows\\system32\\tasks\\Acme\\Agent"


@cache
def shipped() -> AgentProfile:
    return load_profile(str(SHIPPED))[0]


def profile(*, running: bool = False) -> AgentProfile:
    services = tuple(each.model_copy(update={"running": running}) for each in shipped().services)
    return shipped().model_copy(update={"services": services})


def guest(folder: str, encoding: str = "utf-16", *, file: str | None = FILE) -> Any:
    task = {"name": "Acme\\Agent", "file": file, "modified": None, "identifier": None}
    content = f"<Command>{folder}\\AGENT.exe</Command>".encode(encoding)
    return SimpleNamespace(probe=lambda *_, **__: [task], read_file=lambda *_, **__: content)


def judged(
    asked: Any,
    declared: AgentProfile,
    error: BaseException = FAILED,
    system: GuestSystem = GuestSystem.WINE,
) -> BaseException:
    machine = cast(Any, SimpleNamespace(guest_system=system))
    return require_tasks_run(error, machine, asked, declared)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_one_that_a_task_starts_is_the_labs_on_wine(encoding: str) -> None:
    with pytest.raises(NeverRun, match=r"scheduled task Acme\\Agent starts .* Seen because: .*did not\.") as told:
        raise judged(guest(shipped().install_dir.upper(), encoding), profile())
    assert isinstance(told.value, InfrastructureError)


@pytest.mark.parametrize(
    ("asked", "declared", "error", "system"),
    [
        (guest(shipped().install_dir), profile(running=True), FAILED, GuestSystem.WINE),
        (guest(shipped().install_dir), profile(), FAILED, GuestSystem.WINDOWS),
        (guest("C:\\Other"), profile(), FAILED, GuestSystem.WINE),
        (guest(shipped().install_dir, file=None), profile(), FAILED, GuestSystem.WINE),
        (guest(shipped().install_dir), profile(), GuestUnreachable("silent"), GuestSystem.WINE),
    ],
    ids=["a service runs", "Windows", "of somebody else", "no file", "another error"],
)
def test_any_other_failure_stays_what_it_was(
    asked: Any, declared: AgentProfile, error: BaseException, system: GuestSystem
) -> None:
    assert judged(asked, declared, error, system) is error


def test_a_guest_that_does_not_answer_is_judged_elsewhere() -> None:
    def silent(*_: object, **__: object) -> Any:
        raise GuestFault("silent")

    asked = SimpleNamespace(probe=silent, read_file=silent)
    assert judged(asked, profile()) is FAILED
    unread = guest(shipped().install_dir)
    unread.read_file = silent
    assert judged(unread, profile()) is FAILED
