"""A program that crashes in a Wine machine: Wine's own is the lab's fault, any other is its maker's."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.machines.wine.compiler import COMPILER
from harness.machines.wine.machine import WineMachine
from harness.model.deadline import Deadline
from harness.model.machine import Fault, MachineState
from tests.integration.wine.client import Client
from tests.integration.wine.conftest import MakeMachine

pytestmark = pytest.mark.wine
ACCESS_VIOLATION = 0xC0000005


@pytest.fixture(scope="module")
def crasher(media: Path) -> Iterator[str]:
    program = media / "crasher.exe"
    source = Path(__file__).with_name("crasher.c")
    subprocess.run([COMPILER, "-municode", "-O2", "-s", "-o", program, source], check=True, timeout=60)
    yield "D:\\crasher.exe"
    program.unlink()


def log(machine: WineMachine) -> str:
    return (machine.directory / "log" / "init.log").read_text()


def await_crash(machine: WineMachine, program: str) -> None:
    Deadline.after(60).poll(
        lambda: f"crash of {program}" in log(machine), f"the note of the crash of {program}"
    )


def test_whose_program_crashed_decides_whose_fault_it_is(
    make_machine: MakeMachine, crasher: str, tmp_path: Path
) -> None:
    machine = make_machine()
    client = Client(machine.winrm)
    assert client.run(crasher)[0] == ACCESS_VIOLATION
    await_crash(machine, crasher)
    assert machine.condition().fault is Fault.NONE
    # A program of Wine's with others' code in it: a console that begins in a library of the candidate.
    client.run(f"copy {crasher} C:\\windows\\system32\\mine.exe")
    assert client.run("C:\\windows\\system32\\mine.exe")[0] == ACCESS_VIOLATION
    await_crash(machine, "C:\\windows\\system32\\mine.exe")
    assert machine.condition().fault is Fault.NONE

    assert client.run(f"{crasher} rpcss.exe")[0] == 0
    await_crash(machine, "C:\\windows\\system32\\rpcss.exe")
    Deadline.after(60).poll(lambda: machine.condition().fault is Fault.HOST, "the machine's word of it")
    condition = machine.condition()
    assert condition.state is MachineState.RUNNING
    assert "C:\\windows\\system32\\rpcss.exe" in condition.reason
    machine.collect(tmp_path / "evidence")
    assert "rpcss.exe: Wine's own" in (tmp_path / "evidence" / "init.log").read_text()


def test_a_program_with_a_console_of_its_own_runs(client: Client, shared: WineMachine) -> None:
    # Wine's console divides by the width of a font: without one it dies, and with it every such program.
    assert client.run("start /wait cmd /c exit 7")[0] == 7
    assert "conhost" not in log(shared)
    assert shared.condition().fault is Fault.NONE
