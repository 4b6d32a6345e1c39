"""In which order services are stopped, which of them, and whose processes must end."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.lifecycle.service_restart import in_which_process, order_of_stopping, starts_within
from harness.lifecycle.timeline import Timeline
from harness.model.profile.services import ServiceExpectation
from harness.probe.answers.services import Service, ServiceByManager, ServiceByRegistry
from tests.unit.cell.stand_ins import PROFILE

MANAGER: dict[str, Any] = dict.fromkeys(ServiceByManager.model_fields)
REGISTRY: dict[str, Any] = dict.fromkeys(ServiceByRegistry.model_fields)


def service(name: str, *needs: str, state: int = 4, pid: int = 100) -> Service:
    return Service(
        name=name,
        manager=ServiceByManager.model_construct(**(MANAGER | {"state": state, "pid": pid})),
        registry=ServiceByRegistry.model_construct(**(REGISTRY | {"depend_on_service": needs})),
    )


def order(declared: Sequence[ServiceExpectation], *there: Service) -> list[str]:
    profile = PROFILE.model_copy(update={"services": tuple(declared)})
    return order_of_stopping(profile, {each.name.lower(): each for each in there})


def named(*names: str) -> list[ServiceExpectation]:
    return [ServiceExpectation(name=name) for name in names]


@pytest.mark.parametrize(
    ("declared", "there", "expected"),
    [
        (named("A", "B"), [service("A"), service("B")], ["A", "B"]),
        (named("A", "B"), [service("A"), service("B", "A")], ["B", "A"]),
        (named("A", "B", "C"), [service("A"), service("B", "a"), service("C", "b")], ["C", "B", "A"]),
        (named("C", "A", "B"), [service("A"), service("B", "A"), service("C", "B")], ["C", "B", "A"]),
        # What nobody declared and depends on it keeps it from being stopped, if it runs.
        (named("A"), [service("A"), service("Other", "A")], ["Other", "A"]),
        (named("A"), [service("A"), service("Other", "A", state=1)], ["A"]),
        (named("A"), [service("A", "RpcSs"), service("RpcSs"), service("Other", "RpcSs")], ["A"]),
        # One that must not be restarted holds what it needs.
        (
            [*named("A", "C"), ServiceExpectation(name="B", survives_restart=False)],
            [service("A"), service("B", "A"), service("C")],
            ["C"],
        ),
        # One that is not to run keeps nothing.
        (
            [*named("A"), ServiceExpectation(name="B", running=False)],
            [service("A"), service("B", "A", state=1)],
            ["A"],
        ),
        # Each needs the other: no order is right, and each is named once.
        (named("A", "B"), [service("A", "B"), service("B", "A")], ["A", "B"]),
        (named("A"), [], ["A"]),
    ],
)
def test_dependents_are_stopped_first(
    declared: list[ServiceExpectation], there: list[Service], expected: list[str]
) -> None:
    assert order(declared, *there) == expected


def test_a_process_that_others_share_need_not_end() -> None:
    """Two services in one process: it goes on for the one that is not stopped."""
    there = {each.name.lower(): each for each in (service("A"), service("B"), service("C", pid=7))}
    pids = {"A": 100, "B": 100, "C": 7}
    timeline = cast(
        Timeline, SimpleNamespace(inspection=SimpleNamespace(services=there), process_of=pids.__getitem__)
    )
    assert in_which_process(timeline, ["A", "C"]) == {"C": 7}
    assert in_which_process(timeline, ["A", "B"]) == {"A": 100, "B": 100}


def test_a_service_of_nobody_has_a_minute_to_start() -> None:
    assert starts_within(PROFILE, "BVTREFAGENT") == 30
    assert starts_within(PROFILE, "Other") == 60


@pytest.mark.parametrize(
    ("declared", "seen", "after_boot", "seconds"),
    [
        (None, None, True, 30),
        (None, True, True, 210),
        (True, None, True, 210),
        (True, None, False, 30),
        (False, True, True, 30),
    ],
)
def test_after_a_boot_a_delayed_start_has_the_time_that_windows_waits(
    declared: bool | None, seen: bool | None, after_boot: bool, seconds: float
) -> None:
    expected = ServiceExpectation(name="A", delayed=declared)
    assert expected.starts_within(after_boot=after_boot, delayed=seen) == seconds
