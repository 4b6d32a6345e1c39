"""A program that is kept in the shell and answers one question after another, each by one line."""

import os
import signal
from pathlib import Path

import pytest

from harness.guest.winrm.exchange import CommandTimedOut
from harness.guest.winrm.shell import RemoteShell
from harness.model.errors import GuestFault
from tests.integration.guest.conftest import Notes, Serve, Served, ended, soon
from tests.integration.guest.test_shell_trouble import cut_once_there

ECHO = 'while read -r line; do echo "$line $$"; done'
"""Answers each line by itself and the number of its process."""


def asked(shell: RemoteShell, question: str) -> tuple[str, int]:
    said, pid = shell.ask(ECHO, f"{question}\n".encode(), soon()).decode().split()
    return said, int(pid)


def test_one_process_answers_all_and_ends_with_its_shell(shell: RemoteShell) -> None:
    answers = [asked(shell, f"q{number}") for number in range(40)]
    assert [said for said, _ in answers] == [f"q{number}" for number in range(40)]
    (pid,) = {pid for _, pid in answers}
    assert shell.run("echo between", soon()).stdout == b"between\n"
    assert asked(shell, "after") == ("after", pid)
    shell.renew()
    assert ended(pid)
    assert asked(shell, "anew")[1] != pid


def test_a_long_answer_is_whole(shell: RemoteShell) -> None:
    program = "while read -r many; do head -c $many /dev/zero | tr '\\0' x; echo; done"
    for many in (1, 400_000, 70_000):
        assert shell.ask(program, b"%d\n" % many, soon()) == b"x" * many + b"\n"


def test_one_that_has_died_since_is_started_again(shell: RemoteShell) -> None:
    _, pid = asked(shell, "first")
    os.kill(pid, signal.SIGKILL)
    said, another = asked(shell, "second")
    assert said == "second"
    assert another != pid


def test_one_that_dies_of_the_question_is_not_asked_for_ever(shell: RemoteShell) -> None:
    with pytest.raises(GuestFault, match="exit code 7 instead of an answer"):
        shell.ask("read -r line; exit 7", b"line\n", soon(3600))  # the test's own time is shorter
    assert asked(shell, "next")[0] == "next"


def test_one_that_does_not_answer_in_time_is_ended(shell: RemoteShell, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    for seconds in (2, 20, 60):  # on a busy host it may not even have begun at its deadline
        with pytest.raises(CommandTimedOut):
            shell.ask(f"echo $$ > {pid}; read -r line; sleep 600", b"line\n", soon(seconds))
        if pid.exists():
            break
    assert ended(int(pid.read_text()))
    assert asked(shell, "next")[0] == "next"


def test_a_question_is_asked_again_after_a_cut(
    served: Served, shell: RemoteShell, notes: Notes, tmp_path: Path
) -> None:
    there = tmp_path / "runs"
    cut_once_there(served, there)
    program = f"while read -r line; do test -e {there} || {{ touch {there}; sleep 60; }}; echo done; done"
    assert shell.ask(program, b"line\n", soon()) == b"done\n"
    assert any(note.startswith("repeating") for note in notes)


@pytest.mark.parametrize("commands", range(3, 7))
def test_a_question_that_old_systems_count_as_one_operation_too_many(
    server: Serve, notes: Notes, commands: int
) -> None:
    shell = RemoteShell(server(max_operations_per_user=5).access, notes.append)
    asked(shell, "first")
    for number in range(commands):
        assert shell.run("cat", soon(), stdin=b"%d" % number, repeatable=True).stdout == b"%d" % number
    assert asked(shell, "last")[0] == "last"
    shell.close()
