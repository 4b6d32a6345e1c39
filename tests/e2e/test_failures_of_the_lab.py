"""What the lab does wrong is INFRA and never FAIL, and before the install it costs an attempt only."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from examples.reference_agent.build import build
from harness.cell.standstill import LEAST_S
from harness.state import StateDirectory
from tests.e2e.conftest import MATRIX
from tests.e2e.running import (
    Lab,
    Running,
    fill_the_disk,
    kill_wineserver,
    kill_winrm_server,
    report_of,
    stop_winrm_server,
    until,
)
from tests.turns import todays

pytestmark = [pytest.mark.wine, pytest.mark.slow]
DAYS = 3
"""In which every harm is done once: each is a run of its own."""


EARLY = "early"
"""Harm done before the install."""


def stand_still(run: Running) -> None:
    until(lambda: "install  " in run.said, "the end of the phase install")
    run.stand_still(LEAST_S + 2)


HARM: dict[str, Callable[[Running], None]] = {
    "wine": lambda run: kill_wineserver(run.after_install()),
    "winrm": lambda run: kill_winrm_server(run.after_install()),
    "stopped": lambda run: stop_winrm_server(run.after_install()),
    "full": lambda run: fill_the_disk(run.after_install()),
    EARLY: lambda run: kill_wineserver(run.before_install()),
    "still": stand_still,
}
TODAY = todays(tuple(HARM), DAYS)
DISK_MIB = 640


@dataclass(frozen=True)
class Ended:
    """A run whose machine was harmed."""

    code: int
    run: Running

    @property
    def verdict(self) -> str:
        return str(json.loads((self.run.out / "gate.json").read_text())["verdict"])


def harmed(lab: Lab, candidate: Path, matrix: Path, how: str) -> Ended:
    run = lab.run(candidate, "--profile", "reference", "--matrix", matrix, "-n", 1)
    HARM[how](run)
    return Ended(run.ended(), run)


@contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """A file system of its own there, as small as a machine may have."""
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "bvt-test", place], check=True, timeout=300
    )
    yield
    subprocess.run(["umount", "--lazy", place], check=True, timeout=300)


@pytest.fixture(scope="module")
def ended(
    tmp_path_factory: pytest.TempPathFactory, state: StateDirectory, candidate: Path, one_cell: Path
) -> Iterator[dict[str, Future[Ended]]]:
    """The runs of today, side by side, each in a state directory of its own."""
    found = {}
    silent = build("1.0.0", frozenset({"no-heartbeat"}))  # fails for certain, and not by luck
    with_check_in = tmp_path_factory.mktemp("matrix") / "matrix.yaml"
    with_check_in.write_text(MATRIX.replace("IMAGES", "win11-24h2").replace("uninstall, residue", "check-in"))
    with ExitStack() as until_then, ThreadPoolExecutor(len(TODAY)) as pool:
        for how in TODAY:
            lab = Lab(tmp_path_factory.mktemp(how) / "home")
            lab.borrow(state)
            if how == "full":
                until_then.enter_context(small_disk(StateDirectory(lab.home).machines))
            what = (silent, with_check_in) if how == "still" else (candidate, one_cell)
            found[how] = pool.submit(harmed, lab, *what, how)
        yield found


CAUSES = {
    "wine": r"The lab lost the machine \(wineserver was killed by SIGKILL\)",
    "winrm": r"The lab lost the machine \(the WinRM server was killed by SIGKILL\)",
    # It must not look like a candidate that cut the network.
    "stopped": "The guest stopped answering and nothing tells why",
    # The candidate does fail on it.
    "full": "the host's disk is full",
    "still": r"The harness itself stood still for \d+ s around this check",
}


@pytest.mark.parametrize("how", [how for how in CAUSES if how in TODAY])
def test_what_the_lab_does_in_mid_run_is_infra(how: str, ended: dict[str, Future[Ended]]) -> None:
    found = ended[how].result(timeout=900)
    assert found.code == 4, found.run.said
    assert found.verdict == "INFRA"
    report = json.dumps(report_of(found.run.out))
    assert re.search(CAUSES[how], report)
    assert '"failed"' not in report


@pytest.mark.skipif(EARLY not in TODAY, reason="its turn is another day's")
def test_a_machine_lost_before_the_install_is_replaced_on_the_record(
    ended: dict[str, Future[Ended]],
) -> None:
    found = ended[EARLY].result(timeout=900)
    assert found.code == 0, found.run.said
    report = report_of(found.run.out)
    attempts = report["attempts"]
    assert isinstance(attempts, list)
    assert [attempt["outcome"] for attempt in attempts] == ["infra", "passed"]
    assert "wineserver" in attempts[0]["message"]
    assert len({attempt["machine_id"] for attempt in attempts}) == 2
