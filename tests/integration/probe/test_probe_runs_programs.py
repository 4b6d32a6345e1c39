"""exec, run and wait-file under a real Wine."""

import json
import subprocess

import pytest

from harness.probe.answers.files import FileArrived
from harness.probe.answers.processes import Detached, Finished
from harness.probe.answers.stimulus import Stimulus
from harness.probe.answers.tasks import Task
from harness.probe.reading import ProbeFailed, read_answer
from harness.winrmd.launcher import told
from tests.integration.probe.conftest import Probe, windows_path

pytestmark = pytest.mark.wine


def _finished(probe: Probe, name: str) -> Finished:
    return read_answer("exec", Finished, (probe.home / name).read_bytes())


def _exec(
    probe: Probe, *arguments: str, stdin: bytes = b""
) -> tuple[subprocess.CompletedProcess[bytes], Finished]:
    result = probe.home / "exec.json"
    result.unlink(missing_ok=True)
    done = probe.run("exec", "--result", windows_path(result), *arguments, stdin=stdin)
    return done, _finished(probe, "exec.json")


def test_exec_reports_all_32_bits_of_the_exit_code_and_prints_nothing_itself(probe: Probe) -> None:
    done, finished = _exec(probe, "--", 'cmd /c "echo out& echo err>&2& exit -1073741819"')
    assert (done.stdout, done.stderr) == (b"out\r\n", b"err\r\n")
    assert finished.exit_code == 0xC0000005
    assert not finished.timed_out


def test_exec_does_itself_what_the_probe_is_asked_for(probe: Probe) -> None:
    copy = probe.home / "copy" / "bvt-probe.exe"
    copy.parent.mkdir()
    copy.write_bytes(probe.exe.read_bytes())

    done, finished = _exec(probe, "--", f"cmd.exe /c {windows_path(copy)} processes")
    (mine,) = [each for each in json.loads(done.stdout) if each["pid"] == finished.pid]
    assert "exec" in str(mine)

    copy.write_bytes(probe.exe.read_bytes() + b"another one")
    done, finished = _exec(probe, "--", f"{windows_path(copy)} processes")
    (other,) = [each for each in json.loads(done.stdout) if each["pid"] == finished.pid]
    assert "exec" not in str(other)


def test_exec_takes_no_stump_for_the_probe(probe: Probe) -> None:
    stump = probe.home / "stump" / "bvt-probe.exe"
    stump.parent.mkdir()
    stump.write_bytes(b"MZ".ljust(100, b"\0"))
    done, finished = _exec(probe, "--", f"{windows_path(stump)} processes")
    assert (finished.exit_code, done.stdout) == (1, b"")
    assert finished.code


def test_exec_that_acts_as_the_probe_passes_input_and_exit_code_on(probe: Probe) -> None:
    target = windows_path(probe.home / "written.txt")
    written, finished = _exec(probe, "--", f'"{windows_path(probe.exe)}" write {target}', stdin=b"fed")
    assert json.loads(written.stdout)["size"] == 3
    assert finished.exit_code == 0
    assert (probe.home / "written.txt").read_bytes() == b"fed"

    unknown, finished = _exec(probe, "--", f'"{windows_path(probe.exe)}" nothing')
    assert finished.exit_code == 3
    assert "no such command" in unknown.stdout.decode()


def test_exec_passes_its_input_on(probe: Probe) -> None:
    done, _ = _exec(probe, "--", 'cmd /c "set /p X=& set X"', stdin=b"fed\r\n")
    assert b"X=fed" in done.stdout


def test_exec_ahead_reads_its_command_line_first_and_leaves_the_rest_to_the_command(probe: Probe) -> None:
    done, finished = _exec(
        probe, "--ahead", stdin=told('cmd /c "set /p X=& set X& echo äöü日本> ü.txt& exit 9"') + b"fed\r\n"
    )
    assert b"X=fed\r\n" in done.stdout
    assert finished.exit_code == 9
    assert probe.run("file", "ü.txt").returncode == 0


@pytest.mark.parametrize("given", [b"", b"0000", b"00000010cmd", b"zzzzzzzz", b"ffffffff"])
def test_exec_ahead_that_gets_no_command_line_runs_nothing(probe: Probe, given: bytes) -> None:
    result = probe.home / "ahead.json"
    done = probe.run("exec", "--ahead", "--result", windows_path(result), stdin=given)
    if given == b"zzzzzzzz":  # no digits are no length: an empty command line, which cannot be started
        assert read_answer("exec", Finished, result.read_bytes()).code
        result.unlink()
    assert not result.exists()
    assert done.stdout == b""


def test_exec_makes_cmd_write_utf8(probe: Probe) -> None:
    done, finished = _exec(probe, "--utf8", "--", 'cmd /c "echo äöü日本& exit 7"')
    assert done.stdout.decode() == "äöü日本\r\n"
    assert finished.exit_code == 7


def test_exec_ahead_makes_cmd_write_utf8_too(probe: Probe) -> None:
    done, finished = _exec(probe, "--utf8", "--ahead", stdin=told('cmd /c "echo äöü日本& exit 7"'))
    assert done.stdout.decode() == "äöü日本\r\n"
    assert finished.exit_code == 7


def test_exec_says_why_a_program_cannot_be_started(probe: Probe) -> None:
    done, finished = _exec(probe, "--", "no-such-program.exe")
    assert finished.exit_code == 1
    assert finished.code == 2
    assert done.stderr


def test_exec_ends_the_whole_tree_when_the_time_is_over(probe: Probe) -> None:
    _, finished = _exec(probe, "--timeout-ms", "500", "--", 'cmd /c "cmd /c ping -n 3000 127.0.0.1"')
    assert finished.timed_out
    assert b"ping" not in probe.run("processes").stdout.lower()


def test_a_detached_run_outlives_its_caller_and_leaves_its_result(probe: Probe) -> None:
    result = windows_path(probe.home / "run.json")
    out = windows_path(probe.home / "run.out")
    command = 'cmd /c "echo started& ping -n 2 127.0.0.1 >NUL& exit 1605"'
    (probe.home / "run.json").write_text('{"exit_code": 0}')
    started = probe.ask(Detached, "run", "--detach", "--out", out, "--result", result, "--", command)
    assert not (probe.home / "run.json").exists(), "an old result would be taken for the new one"
    arrived = probe.ask(FileArrived, "wait-file", result, "--timeout-ms", "60000")
    finished = read_answer("run", Finished, json.dumps(arrived.content))
    assert (finished.exit_code, finished.pid) == (1605, started.pid)
    assert (probe.home / "run.out").read_text().startswith("started")


def _tasks(probe: Probe) -> list[str]:
    return [task.name for task in probe.ask(list[Task], "tasks")]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("--", "no-such-program.exe"), 2), (("--out", "C:\\none\\of\\these", "--", "cmd /c exit 0"), 3)],
    ids=["program", "output"],
)
def test_a_task_that_cannot_start_its_program_says_so_and_goes(
    probe: Probe, arguments: tuple[str, ...], code: int
) -> None:
    result = probe.home / "task.json"
    result.unlink(missing_ok=True)
    name = probe.ask(Stimulus, "stimulate", "scheduled_task", "--nonce", "gone").facts["name"]
    assert _tasks(probe) == [f"\\{name}"]
    with pytest.raises(ProbeFailed):
        probe.ask(Finished, "run", "--forget-task", name, "--result", windows_path(result), *arguments)
    assert read_answer("run", Finished, result.read_bytes()).code == code
    assert _tasks(probe) == []
    probe.run("unstimulate", "scheduled_task", "--nonce", "gone")


def test_a_task_that_never_ran_is_not_left_behind(probe: Probe) -> None:  # Wine runs none
    result = windows_path(probe.home / "never.json")
    with pytest.raises(ProbeFailed, match="1460"):
        probe.ask(
            Finished, "run", "--as-system", "--timeout-ms", "0", "--result", result, "--", "cmd /c exit 0"
        )
    assert _tasks(probe) == []


def test_waiting_for_a_file_has_a_deadline(probe: Probe) -> None:
    with pytest.raises(ProbeFailed, match="1460"):
        probe.ask(FileArrived, "wait-file", "C:\\never", "--timeout-ms", "200")


ORPHAN = "cmd /c start /b cmd /c start /b ping -n {} 127.0.0.1"
"""Two programs that end at once, and one that neither of them waits for."""


def _detached(probe: Probe, *arguments: str) -> Finished:
    result = windows_path(probe.home / "tree.json")
    probe.ask(Detached, "run", "--detach", "--result", result, *arguments)
    arrived = probe.ask(FileArrived, "wait-file", result, "--timeout-ms", "60000")
    return read_answer("run", Finished, json.dumps(arrived.content))


def _pings(probe: Probe) -> int:
    return probe.run("processes").stdout.lower().count(b'ping.exe"')


def test_a_tree_is_awaited_to_its_last_program(probe: Probe) -> None:
    finished = _detached(probe, "--tree", "--", ORPHAN.format(3))
    assert _pings(probe) == 0
    last = finished.children[-1]
    assert (last.path.lower(), last.exit_code, last.ended) == ("c:\\windows\\system32\\ping.exe", 0, True)
    assert (finished.exit_code, finished.timed_out) == (0, False)
    waited = probe.ask(Finished, "run", "--tree", "--", ORPHAN.format(2))  # attached
    assert waited.children[-1].path.lower().endswith("ping.exe")


def test_without_tree_only_the_program_itself_is_awaited(probe: Probe) -> None:
    assert _detached(probe, "--", ORPHAN.format(1)).children == ()


def test_what_is_meant_to_stay_is_not_awaited(probe: Probe) -> None:
    places = ("--stays", "C:\\elsewhere", "--stays", "C:\\WINDOWS\\system32\\ping.exe")
    finished = _detached(probe, "--tree", *places, "--", ORPHAN.format(3000))
    assert "ping.exe" not in str(finished.children).lower()
    assert _pings(probe) >= 1
    _detached(probe, "--timeout-ms", "60000", "--", "taskkill /f /im ping.exe")


def test_the_awaited_part_of_a_tree_is_ended_at_the_deadline(probe: Probe) -> None:
    finished = _detached(probe, "--tree", "--timeout-ms", "2500", "--", ORPHAN.format(120))
    assert finished.timed_out
    assert finished.exit_code == 0  # the program's own
    last = finished.children[-1]
    assert (last.path.lower().endswith("ping.exe"), last.ended) == (True, False)
    assert _pings(probe) == 0
