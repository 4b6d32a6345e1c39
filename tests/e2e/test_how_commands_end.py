"""However a command ends, its exit code is its own, and never that of a failed candidate."""

import os
import re
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.conftest import BvtCommand
from tests.e2e.running import BVT, Done, until
from tests.e2e.terminal import Terminal
from tests.programs import bounded


@pytest.fixture
def plan(candidate: Path, one_cell: Path) -> list[str]:
    """A command that takes a while, most of it before its own code runs."""
    return ["plan", str(candidate), "-p", "reference", "-m", str(one_cell)]


def in_shell(bvt: BvtCommand, line: str, *arguments: str, **environment: str) -> Done:
    """A line of bash in which `bvt` is "$@"."""
    argv = ["bash", "-c", line, "bash", BVT, *arguments]
    return bvt.program(argv, os.environ | environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_alike_wherever_it_is(
    number: signal.Signals, plan: list[str], bvt: BvtCommand
) -> None:
    ended: set[tuple[int, str]] = set()
    for tenths in range(0, 10, 2):
        program = subprocess.Popen(
            ["env", "--default-signal", BVT, *plan],
            cwd=bvt.directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        with bounded(program) as running:
            until(partial(listens, running.pid), "the beginning")
            time.sleep(tenths / 10)
            running.send_signal(number)
            _, said = running.communicate(timeout=60)
            ended.add((running.returncode, said))
    # By the signal itself: while the interpreter ends. 0: it had ended.
    assert ended <= {(130, "bvt: interrupted\n"), (-number, ""), (0, "")}
    assert (130, "bvt: interrupted\n") in ended


@pytest.mark.parametrize(
    ("inherited", "number", "code"),
    [
        ("--block-signal=INT", signal.SIGINT, 130),
        ("--block-signal=TERM", signal.SIGTERM, 130),
        ("--ignore-signal=INT", signal.SIGINT, 0),  # a job in the background of a script
        ("--ignore-signal=HUP", signal.SIGHUP, 0),  # nohup
    ],
)
def test_a_signal_that_is_ignored_stays_so_and_one_that_is_blocked_comes(
    inherited: str, number: signal.Signals, code: int, plan: list[str], bvt: BvtCommand
) -> None:
    program = subprocess.Popen(
        ["env", "--default-signal", inherited, BVT, *plan],
        cwd=bvt.directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with bounded(program) as running:
        until(partial(listens, running.pid, other_than(number)), "the beginning")
        running.send_signal(number)
        assert running.wait(60) == code


def other_than(number: signal.Signals) -> signal.Signals:
    return signal.SIGHUP if number == signal.SIGTERM else signal.SIGTERM


def test_ctrl_c_reaches_a_command_in_front_of_a_person_whatever_it_inherits(
    plan: list[str], tmp_path: Path
) -> None:
    """A terminal's foreground job is meant by its Ctrl-C; SIGHUP stays ignored even there, for that is nohup."""
    ignored = ("--ignore-signal=INT", "--ignore-signal=HUP")
    with Terminal(tmp_path / "home", *plan, inherited=ignored) as terminal:
        until(partial(listens, terminal.pid), "the beginning")
        terminal.send(signal.SIGHUP)
        terminal.type("\x03")
        terminal.await_("bvt: interrupted")
        assert terminal.ended() == 130


def listens(pid: int, number: signal.Signals = signal.SIGTERM) -> bool:
    """Whether the process has taken over what this signal does, which Python by itself never does."""
    caught = re.search(r"SigCgt:\t([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text())
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["plan", "--help"]])
def test_a_reader_that_leaves_the_help(arguments: list[str], bvt: BvtCommand) -> None:
    done = in_shell(bvt, '"$@" | true; exit ${PIPESTATUS[0]}', *arguments)
    assert (done.code, done.err) == (141, "")


def test_a_reader_that_has_enough_of_a_plan(plan: list[str], bvt: BvtCommand) -> None:
    done = in_shell(bvt, '"$@" | head -1; exit ${PIPESTATUS[0]}', *plan)
    assert done.code in (0, 141)
    assert (done.out.count("\n"), done.err) == (1, "")


def test_an_output_that_is_closed_leads_nowhere(plan: list[str], bvt: BvtCommand) -> None:
    for closed in (">&-", "2>&-", "<&-", ">&- 2>&- <&-"):
        assert in_shell(bvt, f'"$@" {closed}', *plan).code == 0
        assert in_shell(bvt, f'"$@" {closed}', "plan").code == 2


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["clean"]])
def test_a_full_disk_under_the_output_is_no_success(
    arguments: list[str], bvt: BvtCommand, tmp_path: Path
) -> None:
    done = in_shell(bvt, '"$@" > /dev/full', *arguments, BVT_HOME=str(tmp_path / "home"))
    assert done.code == 4
    assert done.err.startswith("bvt: what was to be written: No space left on device.")
    assert done.err.count("\n") == 1


def test_a_full_disk_under_the_errors_changes_no_code(plan: list[str], bvt: BvtCommand) -> None:
    assert in_shell(bvt, '"$@" 2> /dev/full', *plan).code == 0
    assert in_shell(bvt, '"$@" 2> /dev/full', "plan").code == 2
    assert in_shell(bvt, '"$@" 2> /dev/full', "plan", "none.msi", "-p", "reference").code == 2


def test_names_that_the_terminal_cannot_show_are_written_as_escapes(bvt: BvtCommand, tmp_path: Path) -> None:
    done = in_shell(bvt, '"$@"', "plan", f"{tmp_path}/ä.msi", "-p", "reference", PYTHONIOENCODING="ascii")
    assert (done.code, "\\xe4.msi" in done.err) == (2, True)
