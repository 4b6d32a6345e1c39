"""The same checks on virtual machines: `bvt run --pool lab` with the matrix that ships."""

from pathlib import Path

import pytest

from harness.gate.artifact import read_gate
from harness.model.gate import Verdict
from harness.model.report import Attempt
from harness.model.substrate import GuestSystem, Substrate
from tests.deadlines import LAB_RUN_S
from tests.e2e.conftest import BvtCommand

pytestmark = [pytest.mark.libvirt, pytest.mark.slow]


def test_the_reference_agent_passes_the_whole_suite_on_two_machines_at_a_time(
    bvt: BvtCommand, candidate: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    done = bvt(
        *("run", candidate, "--profile", "reference", "--pool", "lab", "-n", 2, "--out", out),
        timeout_s=LAB_RUN_S,
    )
    assert done.code == 0, done.out + done.err
    gate = read_gate(out)
    assert gate.verdict is Verdict.PASS
    assert {cell.cell for cell in gate.cells} == {"server-2022/fresh", "win11-24h2/fresh"}
    reports = [cell.report for cell in gate.cells]
    machines: list[Attempt] = []
    for report in reports:
        assert report is not None
        assert report.substrate in (Substrate.TCG, Substrate.KVM)
        assert report.guest_system is GuestSystem.WINE
        assert len({check.phase for check in report.checks}) == 6
        machines.append(report.attempts[-1])
    first, second = machines
    assert first.machine_id != second.machine_id
    assert first.ended is not None
    assert second.ended is not None
    assert first.began < second.ended
    assert second.began < first.ended
    assert "Emulated" in done.out
