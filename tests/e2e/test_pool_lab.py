"""The same checks on virtual machines: `bvt run --pool lab` with the matrix that ships."""

from pathlib import Path

import pytest
import yaml

from harness.gate.artifact import read_gate
from harness.model.gate import Verdict
from harness.model.report import Attempt
from harness.model.substrate import GuestSystem, Substrate
from tests.deadlines import LAB_RUN_S
from tests.e2e.conftest import BvtCommand

SHIPPED = Path(__file__).parents[2] / "matrix.yaml"
pytestmark = [pytest.mark.libvirt, pytest.mark.slow]


@pytest.fixture
def images(request: pytest.FixtureRequest) -> list[str]:
    """One machine by default, two at a time with `--lab`: emulated, each takes minutes of a processor."""
    return ["win11-24h2", "server-2022"] if request.config.getoption("--lab") else ["win11-24h2"]


def test_the_reference_agent_passes_the_whole_suite(
    bvt: BvtCommand, candidate: Path, tmp_path: Path, images: list[str]
) -> None:
    document = yaml.safe_load(SHIPPED.read_text())
    document["pools"]["lab"]["images"] = images
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
        assert len({check.phase for check in report.checks}) == 6
        machines.append(report.attempts[-1])
    assert len({each.machine_id for each in machines}) == len(images)
    assert max(each.began for each in machines) < min(each.ended for each in machines if each.ended)
    assert "Emulated" in done.out
