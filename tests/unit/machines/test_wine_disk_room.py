"""When the host's disk has no room for what a Wine machine writes."""

from pathlib import Path

import pytest

from harness.machines.wine import disk_room
from harness.machines.wine.disk_room import LEAST_MB, MACHINE_MB, require_room, shortage
from harness.model.errors import InfrastructureError


def have(free_mb: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_room, "free_mb", lambda _: free_mb)


def test_a_machine_is_not_begun_that_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    have(MACHINE_MB, monkeypatch)
    require_room(Path("/state"), MACHINE_MB, "A Wine machine")
    have(MACHINE_MB - 1, monkeypatch)
    with pytest.raises(
        InfrastructureError, match=r"A Wine machine wants 512 MiB of disk, and 511 MiB are free in /state\."
    ) as refused:
        require_room(Path("/state"), MACHINE_MB, "A Wine machine")
    assert "bvt clean" in refused.value.hint


def test_a_disk_that_fills_up_under_a_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    have(LEAST_MB, monkeypatch)
    assert shortage(Path("/state")) == ""
    have(LEAST_MB - 1, monkeypatch)
    assert shortage(Path("/state")) == "the host's disk is full: 31 MiB are free in /state"


def test_a_machine_whose_disk_is_gone_says_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Path) -> int:
        raise PermissionError("gone")

    monkeypatch.setattr(disk_room, "free_mb", gone)
    assert shortage(Path("/state")) == ""
