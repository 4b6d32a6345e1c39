"""Whose logs are read by the second channel."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast
from unittest.mock import Mock

import pytest

from harness.cell.autopsy import examine
from harness.machines.provider import Machine
from harness.model.machine import MachineCondition, MachineState
from harness.model.profile import AgentProfile
from harness.model.report import Evidence

LOGS = (r"C:\ProgramData\X\agent.log",)
PROFILE = cast(AgentProfile, Mock(logs=LOGS))
CUT_OFF = MachineCondition(state=MachineState.RUNNING, guest_alive=True)


PIECE = Evidence(path="agent.log", sha256="0" * 64, size=1, what="read by the guest agent")


class Lost:
    """A machine with a second channel."""

    def __init__(self, condition: MachineCondition) -> None:
        self._condition = condition
        self.saved: list[tuple[tuple[str, ...], Path]] = []

    def condition(self) -> MachineCondition:
        return self._condition

    def save_guest_files(self, paths: Sequence[str], into: Path) -> Sequence[Evidence]:
        self.saved.append((tuple(paths), into))
        return (PIECE,)


def examined(machine: Lost, into: Path) -> list[tuple[tuple[str, ...], Path]]:
    folder, found = examine(cast(Machine, machine), PROFILE, into)
    assert folder == (machine.saved[-1][1] if machine.saved else into)
    assert list(found) == [PIECE][: len(machine.saved)]
    return machine.saved


def test_logs_of_a_guest_that_lives_without_its_network_come_by_the_second_channel(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()  # WinRM was tried, and gave nothing
    assert examined(Lost(CUT_OFF), tmp_path / "disk") == [(LOGS, tmp_path / "second-channel")]


@pytest.mark.parametrize("alive", [False, None])
def test_a_guest_whose_agent_is_silent_is_not_asked(tmp_path: Path, alive: bool | None) -> None:
    condition = MachineCondition(state=MachineState.RUNNING, guest_alive=alive)
    assert examined(Lost(condition), tmp_path / "disk") == []


def test_logs_that_came_over_winrm_are_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "agent.log").touch()
    assert examined(Lost(CUT_OFF), tmp_path / "disk") == []


def test_a_machine_that_has_ended_is_not_asked(tmp_path: Path) -> None:
    condition = MachineCondition(state=MachineState.CRASHED, guest_alive=True)
    assert examined(Lost(condition), tmp_path / "disk") == []
