"""Launchers that are started before their command is known: same commands, same streams, nothing left behind."""

import time
from pathlib import Path

import psutil
import pytest
from winrm.protocol import Protocol

from harness.model.deadline import Deadline
from tests.integration.winrmd.servers import Running, Start, ended, name_of

AHEAD = ("/bin/sh", str(Path(__file__).with_name("posix_launcher_ahead.sh")), "{result}")


@pytest.fixture
def running(start: Start) -> Running:
    return start(launcher_ahead=AHEAD)


@pytest.fixture
def client(running: Running) -> Protocol:
    return running.protocol()


def waiting() -> list[psutil.Process]:
    """The launchers of servers in this process that have no command yet."""
    found = []
    for child in psutil.Process().children():
        try:
            if "posix_launcher_ahead.sh" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.Error:  # it ended
            continue
    return found


def one_waits() -> psutil.Process:
    Deadline.after(30).poll(lambda: len(waiting()) == 1, "one launcher that waits")
    return waiting()[0]


def run(client: Protocol, shell: str, line: str, given: bytes = b"") -> tuple[str, int]:
    command = client.run_command(shell, line)
    if given:
        client.send_command_input(shell, command, given, end=True)
    out, _, code = client.get_command_output(shell, command)
    client.cleanup_command(shell, command)
    return out.decode(), code


def test_a_command_runs_in_the_launcher_that_waited_and_the_next_one_is_started(client: Protocol) -> None:
    shell = client.open_shell()
    first = one_waits()
    assert run(client, shell, "echo $PPID; exit 7") == (f"{first.pid}\n", 7)
    second = one_waits()
    assert second.pid != first.pid
    assert run(client, shell, "echo $PPID") == (f"{second.pid}\n", 0)


def test_commands_in_a_row_do_not_wait_for_a_launcher(client: Protocol) -> None:
    shell = client.open_shell()
    assert [run(client, shell, f"echo {number}") for number in range(5)] == [
        (f"{number}\n", 0) for number in range(5)
    ]


def test_the_next_launcher_keeps_no_client_waiting(client: Protocol, monkeypatch: pytest.MonkeyPatch) -> None:
    """pywinrm ends each command with a Signal, also one that is over."""
    monkeypatch.setattr("harness.winrmd.launcher.AFTERWARDS_S", 3600.0)  # longer than the test may take
    shell = client.open_shell()
    assert run(client, shell, "true") == ("", 0)
    client.close_shell(shell)


def test_input_is_the_commands_own_to_the_last_byte(client: Protocol) -> None:
    shell = client.open_shell()
    one_waits()
    given = bytes(range(32, 127)) * 3000
    assert run(client, shell, "wc -c; echo äöü", given) == (f"{len(given)}\näöü\n", 0)


def test_a_command_line_longer_than_a_pipe_arrives_whole(client: Protocol) -> None:
    shell = client.open_shell()
    one_waits()
    text = "x" * 100_000
    assert run(client, shell, f"printf '{text}' | wc -c")[0].strip() == "100000"


def test_a_launcher_that_was_killed_while_it_waited_is_replaced(client: Protocol) -> None:
    shell = client.open_shell()
    waits = one_waits()
    waits.kill()
    Deadline.after(30).poll(lambda: waits.status() == psutil.STATUS_ZOMBIE, "the launcher's end")
    assert run(client, shell, "echo alive") == ("alive\n", 0)
    assert one_waits().pid != waits.pid


def test_termination_ends_a_command_whose_launcher_had_waited(client: Protocol) -> None:
    shell = client.open_shell()
    waits = one_waits()
    command = client.run_command(shell, "sleep 60")
    Deadline.after(30).poll(lambda: "sleep" in map(name_of, waits.children(recursive=True)), "the command")
    tree = waits.children(recursive=True)
    client.cleanup_command(shell, command)
    Deadline.after(30).poll(lambda: all(map(ended, tree)), "the end of the command's processes")


def test_a_closed_shell_and_a_stopped_server_leave_no_launcher(client: Protocol, start: Start) -> None:
    shell = client.open_shell()
    waits = one_waits()
    client.close_shell(shell)
    Deadline.after(30).poll(lambda: not waits.is_running(), "the end of the closed shell's launcher")
    used = client.open_shell()
    run(client, used, "true")
    client.close_shell(used)
    Deadline.after(30).poll(lambda: waiting() == [], "no launcher of a shell that is gone")
    client.open_shell()
    one_waits()  # the fixture stops the server, and the next test finds no launcher of this one


def test_no_launcher_waits_in_a_directory_that_a_client_named(start: Start, tmp_path: Path) -> None:
    """A process of Wine holds its directory: nobody could remove it while the shell is open."""
    client = start(launcher_ahead=AHEAD, drives={"C:": str(tmp_path)}).protocol()
    (tmp_path / "x").mkdir()
    shell = client.open_shell(working_directory="C:\\x")
    assert run(client, shell, "pwd") == (f"{tmp_path}/x\n", 0)
    time.sleep(0.1)
    assert waiting() == []


def test_without_a_shell_no_launcher_waits(client: Protocol) -> None:
    assert waiting() == []
