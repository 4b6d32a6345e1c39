"""Ending a command with all it started, on real processes."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.winrmd import process_tree


@pytest.fixture
def start() -> Iterator["Start"]:
    start = Start()
    yield start
    start.end()


class Start:
    """Starts shells as session leaders and says when they have written their first line."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []

    def __call__(self, line: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"echo up; {line}"], stdout=subprocess.PIPE, start_new_session=True
        )
        self._started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        return process

    def end(self) -> None:
        for process in self._started:
            assert process.stdout is not None
            process.stdout.close()
            process.kill()
            process.wait(60)


def until_it_sleeps(leader: int, programs: int) -> None:
    end = time.monotonic() + 30
    while len(process_tree.members(leader)) < programs:
        assert time.monotonic() < end, "the program was not started within 30 s"
        time.sleep(0.005)


def test_a_line_after_the_program_that_is_killed_first_never_runs(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "next-line"
    shell = start(f"sleep 30; touch {mark}")
    until_it_sleeps(shell.pid, 2)
    found, kill = process_tree.members, os.kill

    def slowly(pid: int, number: int) -> None:
        kill(pid, number)
        time.sleep(0.1)

    monkeypatch.setattr(process_tree, "members", lambda leader: sorted(found(leader), reverse=True))
    monkeypatch.setattr(os, "kill", slowly)
    process_tree.kill_tree(shell.pid)
    assert shell.wait(30) == -signal.SIGKILL
    assert found(shell.pid) == set()
    assert not mark.exists()


def test_what_is_started_meanwhile_is_killed_too(start: Start) -> None:
    shell = start("while :; do sleep 30 & sleep 0.01; done")
    until_it_sleeps(shell.pid, 10)
    process_tree.kill_tree(shell.pid)
    assert shell.wait(30) == -signal.SIGKILL
    assert process_tree.members(shell.pid) == set()


def test_nothing_runs_any_more_on_a_machine_that_takes_its_time(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal is an order. Where the processor is busy, its receiver ends later."""
    shell = start("sleep 30")
    until_it_sleeps(shell.pid, 2)
    kill = os.kill

    def later(pid: int, number: int) -> None:
        delay_s = 0.5 if number == signal.SIGKILL else 0.0
        threading.Timer(delay_s, lambda: kill(pid, number)).start()

    monkeypatch.setattr(os, "kill", later)
    process_tree.kill_tree(shell.pid)
    assert process_tree.members(shell.pid) == set()


def test_a_leader_that_has_ended_does_no_harm(start: Start) -> None:
    shell = start("exit 3")
    assert shell.wait(30) == 3
    process_tree.kill_tree(shell.pid)
    process_tree.interrupt(shell.pid)
