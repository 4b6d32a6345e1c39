"""A check that has nothing to look at does not pass."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from harness.bvt import test_install_services as install_checks
from harness.bvt import test_reboot as reboot_checks
from harness.model.profile import ServiceExpectation
from harness.run.check import NotApplicable

DRIVEN = ServiceExpectation(name="OnDemand", running=False)
RUNNING = ServiceExpectation(name="Always")


def cell(*services: ServiceExpectation) -> Any:
    profile = SimpleNamespace(services=services)
    stopwatch = SimpleNamespace(waiting=nullcontext)
    return SimpleNamespace(profile=profile, recorder=SimpleNamespace(stopwatch=stopwatch))


def timeline(asked: list[str]) -> Any:
    def comes_up(name: str, _within_s: float) -> bool:
        asked.append(name)
        return True

    return SimpleNamespace(installation=SimpleNamespace(succeeded=True), service_comes_up=comes_up)


def test_services_that_are_not_to_run_are_not_found_running() -> None:
    with pytest.raises(NotApplicable, match="no service that runs after the installation"):
        install_checks.test_service_running(cell(DRIVEN), timeline([]))
    asked: list[str] = []
    install_checks.test_service_running(cell(DRIVEN, RUNNING), timeline(asked))
    assert asked == ["Always"]


def test_nor_are_they_found_running_after_a_reboot() -> None:
    reboots: Any = SimpleNamespace(in_use=SimpleNamespace(down="", silent=False), service_down=lambda: "")
    with pytest.raises(NotApplicable, match="no service that runs after a reboot"):
        reboot_checks.test_services(cell(DRIVEN), reboots)
    reboot_checks.test_services(cell(DRIVEN, RUNNING), reboots)
