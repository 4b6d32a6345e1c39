"""Whose a program is that was started: by its descent, although numbers of processes are given again."""

from harness.lifecycle.programs import of_agent
from harness.machines.capabilities import StartedProgram
from tests.unit.cell.stand_ins import PROFILE

AGENT = f'"{PROFILE.install_dir}\\agent.exe" --service'


def started(pid: int, parent: int, line: str) -> StartedProgram:
    return StartedProgram(pid=pid, parent=parent, command_line=line, at_s=0.0)


def test_what_the_agent_starts_is_its_own_down_to_the_last() -> None:
    found = of_agent(
        [
            started(10, 4, AGENT),
            started(11, 10, "cmd.exe /c x"),
            started(12, 11, "netsh.exe"),
            started(13, 4, "svchost.exe"),
            started(14, 13, "others.exe"),
        ],
        PROFILE,
    )
    assert [each.pid for each in found] == [11, 12]


def test_a_number_that_is_given_again_is_another_programs() -> None:
    found = of_agent(
        [
            started(10, 4, AGENT),
            started(11, 10, "cmd.exe"),
            started(11, 4, "svchost.exe"),
            started(12, 11, "x.exe"),
        ],
        PROFILE,
    )
    assert [each.command_line for each in found] == ["cmd.exe"]
