"""The check on error events: whose Defender's detections are."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.cell.malware import ProbeTakenForMalware
from harness.checks.test_install_access import test_no_error_events as no_error_events
from tests.unit.guest.defender_log import WithDefender, event


def looked(log: WithDefender) -> None:
    """What the check makes of a guest that prints this log, whichever channel it is asked for."""
    profile = SimpleNamespace(
        services=(), drivers=(), product_name="Agent", install_dir="C:\\Program Files\\Agent"
    )
    candidate = SimpleNamespace(path=SimpleNamespace(name="agent-7.msi"))
    timeline = SimpleNamespace(
        inspection=None, baseline=SimpleNamespace(boot=SimpleNamespace(booted=datetime.now(UTC)))
    )
    cell = SimpleNamespace(profile=profile, candidate=candidate, guest=log.guest)
    no_error_events(cast(Any, cell), cast(Any, timeline))


def test_a_detection_that_names_the_probe_is_the_labs() -> None:
    with pytest.raises(ProbeTakenForMalware):
        looked(
            WithDefender(event("file:_D:\\tools\\bvt-probe.exe"), event("file:_D:\\candidate\\agent-7.msi"))
        )


@pytest.mark.parametrize(
    "path", ["file:_D:\\candidate\\agent-7.msi", "file:_c:\\program files\\agent\\x.dll"]
)
def test_one_that_names_the_candidate_fails_it(path: str) -> None:
    with pytest.raises(AssertionError, match=r"Windows Defender 1116: Trojan:Win32"):
        looked(WithDefender(event(path)))


def test_one_that_names_neither_does_not() -> None:
    looked(WithDefender(event("file:_C:\\somewhere\\else.exe")))
