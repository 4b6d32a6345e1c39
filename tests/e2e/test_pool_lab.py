"""The same checks on virtual machines: `bvt run --pool lab` with the matrix that ships, a part of the way a day."""

from pathlib import Path

import pytest
import yaml

from harness.gate.artifact import read_gate
from harness.model.gate import Verdict
from harness.model.report import Attempt
from harness.model.substrate import GuestSystem, Substrate
from tests.deadlines import LAB_RUN_S
from tests.e2e.conftest import BvtCommand
from tests.turns import todays

SHIPPED = Path(__file__).parents[2] / "matrix.yaml"
pytestmark = [pytest.mark.libvirt, pytest.mark.slow]


ONE_WAY = ("machine", "install", "check-in", "functions", "uninstall", "residue")
PARTS = (
    ("machine", "install", "check-in"),
    ("machine", "install", "uninstall", "residue"),
    ("machine", "install", "check-in", "functions"),
)
"""Of the one way, emulated: the longest takes two thirds of the whole. Every phase has its day."""


@pytest.fixture
def phases(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """A part of the way a day, the whole with `--lab`."""
    if request.config.getoption("--lab"):
        return ONE_WAY
    (part,) = todays(PARTS, len(PARTS))
    return part


@pytest.fixture
def images(request: pytest.FixtureRequest) -> list[str]:
    """One machine by default, two at a time with `--lab`: emulated, each takes minutes of a processor."""
    return ["win11-24h2", "server-2022"] if request.config.getoption("--lab") else ["win11-24h2"]


def test_the_reference_agent_passes(
    bvt: BvtCommand, candidate: Path, tmp_path: Path, images: list[str], phases: tuple[str, ...]
) -> None:
    document = yaml.safe_load(SHIPPED.read_text())
    document["pools"]["lab"]["images"] = images
    document["scenarios"]["fresh"]["phases"] = list(phases)
    matrix, out = tmp_path / "matrix.yaml", tmp_path / "run"
    matrix.write_text(yaml.safe_dump(document))
    done = bvt(
        *(
            "run",
            candidate,
            "--profile",
            "reference",
            "--matrix",
            matrix,
            "--pool",
            "lab",
            "-n",
            2,
            "--out",
            out,
        ),
        timeout_s=LAB_RUN_S,
    )
    assert done.code == 0, done.out + done.err
    gate = read_gate(out)
    assert gate.verdict is Verdict.PASS
    assert {cell.cell for cell in gate.cells} == {f"{image}/fresh" for image in images}
    machines: list[Attempt] = []
    for report in (cell.report for cell in gate.cells):
        assert report is not None
        assert report.substrate in (Substrate.TCG, Substrate.KVM)
        assert report.guest_system is GuestSystem.WINE
        assert {check.phase.value for check in report.checks} == set(phases)
        machines.append(report.attempts[-1])
    assert len({each.machine_id for each in machines}) == len(images)
    assert max(each.began for each in machines) < min(each.ended for each in machines if each.ended)
    assert "Emulated" in done.out
