"""What a run leaves beside its results, and how long it says that it took."""

import json
import signal
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from examples.reference_agent.build import build
from tests.e2e.conftest import BvtCommand
from tests.e2e.running import Lab, until
from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.wine, pytest.mark.slow]

CELL = "win11-24h2/short"
PROMPT = "short> "


def test_a_kept_machine_is_entered_and_has_its_media_until_it_is_removed_and_nobody_has_the_keys(
    lab: Lab, one_cell: Path, bvt: BvtCommand
) -> None:
    bad = build("1.0.0", frozenset({"leaves-file"}))
    run = lab.run(bad, "--profile", "reference", "--matrix", one_cell, "-n", 1, "--keep", "failed")
    assert run.ended() == 1, run.said
    assert {path.name for path in (run.out / "work").iterdir()} == {"media", "lock"}
    kept = f"nothing to clean; 1 kept machine ({CELL}) would go with --kept\n"
    assert bvt("clean", home=lab.home).out == kept
    assert CELL in bvt("shell", home=lab.home).out
    inside = bvt("shell", CELL, "-C", r"ver & dir D:\candidate", home=lab.home)
    assert inside.code == 0, inside.err
    assert "Microsoft Windows 10.0.26100" in inside.out
    assert bad.name in inside.out
    assert bvt("shell", CELL, "-C", "exit 7", home=lab.home).code == 7
    sit_at_the_shell(lab)
    sit_where_signals_are_held_off(lab)
    found = bvt("clean", "--kept", "--dry-run", home=lab.home)
    assert f"work directory {run.out}/work: would be removed" in found.out
    assert (run.out / "work").exists()
    cleaned = bvt("clean", "--kept", home=lab.home)
    assert (cleaned.code, cleaned.out.splitlines()[-1]) == (0, "2 removed"), cleaned.out + cleaned.err
    assert not (run.out / "work").exists()
    assert (run.out / "gate.html").exists()
    assert lab.leftovers() == []


def sit_at_the_shell(lab: Lab) -> None:
    """Type as a person does: Ctrl-C ends a command, an unfinished line, and nothing else."""
    with Terminal(lab.home, "shell", CELL) as terminal:
        terminal.await_(PROMPT)
        interrupt_a_command(lab, terminal)
        for _ in range(20):  # as soon as the prompt is there, when the shell may not yet wait for a key
            terminal.type("half a line\x03")
            terminal.await_(PROMPT)
        for line in ("set A=b^&c", "set /a N=6*7", "cd C:\\windows", 'echo "[%a%%n%]"'):
            terminal.type(f"{line}\n")
            terminal.await_("> ")
        assert '"[b&c42]"' in terminal.said  # unquoted, cmd would take the & for the end of the command
        terminal.type("set PATH=C:\\tools\n")
        terminal.await_("PATH does not hold")
        terminal.await_("> ")
        terminal.type("\x04")
        assert terminal.ended() == 0


def sit_where_signals_are_held_off(lab: Lab) -> None:
    """The same in front of a shell that was started by something that holds signals off, as services and scripts do."""
    held_off = ("--ignore-signal=INT", "--ignore-signal=CHLD", "--block-signal=INT", "--block-signal=TERM")
    with Terminal(lab.home, "shell", CELL, inherited=held_off) as terminal:
        terminal.await_(PROMPT)
        interrupt_a_command(lab, terminal)
        terminal.type("half a line\x03")
        terminal.await_(PROMPT)
        terminal.send(signal.SIGTERM)
        assert terminal.ended() == 130


def interrupt_a_command(lab: Lab, terminal: Terminal) -> None:
    """The command ends, in the guest too, and the prompt comes back."""
    terminal.type("ping -n 300 127.0.0.1\n")
    until(lambda: any("ping" in line for line in lab.processes().values()), "the command")
    terminal.type("\x03")
    terminal.await_("[interrupted]")
    terminal.await_(PROMPT)
    until(lambda: not any("ping" in line for line in lab.processes().values()), "the command's end")


def test_a_run_that_was_gone_on_with_does_not_count_the_pause(
    lab: Lab, candidate: Path, one_cell: Path, bvt: BvtCommand
) -> None:
    run = lab.run(candidate, "--profile", "reference", "--matrix", one_cell, "-n", 1)
    run.before_install()
    run.interrupt(signal.SIGINT)
    assert run.ended() == 130, run.said
    assert not (run.out / "work").exists()
    time.sleep(2)
    resumed = bvt("run", "--resume", run.out, home=lab.home)
    assert resumed.code == 0, resumed.out + resumed.err
    first, second = json.loads((run.out / "times.json").read_text())["spells"]
    moments = [datetime.fromisoformat(each[end]) for each in (first, second) for end in ("began", "ended")]
    lengths = [(after - before).total_seconds() for before, after in pairwise(moments)]
    assert lengths[1] > 2
    took = json.loads((run.out / "gate.json").read_text())["duration_s"]
    assert took == pytest.approx(lengths[0] + lengths[2], abs=0.001)
    assert "of working time." in resumed.out
