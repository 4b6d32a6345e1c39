"""A run that is interrupted or killed leaves nothing that `bvt clean` does not remove, and the next run works."""

import json
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import BvtCommand
from tests.e2e.running import Lab

pytestmark = [pytest.mark.wine, pytest.mark.slow]


def test_ctrl_c_ends_at_once_and_leaves_nothing(
    lab: Lab, candidate: Path, two_cells: Path, bvt: BvtCommand
) -> None:
    run = lab.run(candidate, "--profile", "reference", "--matrix", two_cells, "-n", 2)
    run.before_install()
    run.interrupt(signal.SIGINT)
    assert run.ended() == 130, run.said
    assert run.said.strip().splitlines()[-1] == "bvt: interrupted"
    assert "Traceback" not in run.said
    gate = json.loads((run.out / "gate.json").read_text())
    assert (gate["verdict"], gate["interrupted"]) == ("INCOMPLETE", True)
    for name in ("gate.html", "junit.xml", "summary.md"):
        assert (run.out / name).stat().st_size > 0
    assert bvt("clean", home=lab.home).code == 0
    assert lab.leftovers() == []


@pytest.mark.in_turn("signals that end a run", days=2)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_told_to_end_does_so_like_an_interrupted_one(
    number: signal.Signals, lab: Lab, candidate: Path, one_cell: Path, bvt: BvtCommand
) -> None:
    run = lab.run(candidate, "--profile", "reference", "--matrix", one_cell, "-n", 1)
    run.after_install()
    run.process.send_signal(number)
    assert run.ended() == 130, run.said
    assert "Traceback" not in run.said
    assert f"continue with: bvt run --resume {run.out}\n" in run.said
    assert bvt("clean", home=lab.home).out == "nothing to clean\n"
    assert lab.leftovers() == []


def test_after_kill_9_clean_removes_everything_and_the_next_run_passes(
    lab: Lab, candidate: Path, two_cells: Path, one_cell: Path, bvt: BvtCommand
) -> None:
    run = lab.run(candidate, "--profile", "reference", "--matrix", two_cells, "-n", 2)
    run.after_install()
    run.process.kill()
    run.ended()
    cleaned = bvt("clean", home=lab.home)
    assert cleaned.code == 0, cleaned.err
    assert lab.leftovers() == []
    again = lab.run(candidate, "--profile", "reference", "--matrix", one_cell, "-n", 1)
    assert again.ended() == 0, again.said
    gate = json.loads((again.out / "gate.json").read_text())
    assert gate["verdict"] == "PASS"
    assert lab.leftovers() == []
