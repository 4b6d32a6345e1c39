"""`--keep-at failure`: a cell stands where it failed, its agent installed and its backend alive."""

from pathlib import Path

import pytest

from examples.reference_agent.build import build
from harness.cell import kept_backend
from harness.state import StateDirectory
from tests.e2e.conftest import BvtCommand
from tests.e2e.running import Lab, until
from tests.integration.known_bad.profile import derived_profile
from tests.integration.one_cell import MATRIX

pytestmark = [pytest.mark.wine, pytest.mark.slow, pytest.mark.timeout(600)]

CELL = "win11-24h2/short"
AGENT = r'"C:\Program Files\BVT\ReferenceAgent\refagent.exe"'


def test_a_failed_configuration_push_can_be_looked_at_by_hand(
    lab: Lab, bvt: BvtCommand, tmp_path: Path
) -> None:
    candidate = build("1.0.0", frozenset({"ignores-config-push"}))
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(
        MATRIX.format(form="phases", phases="machine, install, check-in, functions, uninstall, residue")
    )
    profile = derived_profile(tmp_path / "reference.yaml", {"configuration.deadline_s": 4})
    run = lab.run(candidate, "--profile", profile, "--matrix", matrix, "-n", 1, "--keep-at", "failure")
    assert run.ended(400) == 1, run.said
    assert "functions.configuration_push: " in run.said
    assert (
        "not run: --keep-at failure ended the cell at functions.configuration_push"
        in (run.out / "gate.json").read_text()
    )

    state = StateDirectory(lab.home)
    (folder,) = (state.root / kept_backend.PART).iterdir()
    machine_id = folder.name
    running = bvt("shell", CELL, "-C", "sc query BvtRefAgent", home=lab.home)
    assert "RUNNING" in running.out, running.out + running.err
    status = bvt("shell", CELL, "-C", f"{AGENT} --status", home=lab.home)
    assert status.code == 0, status.out + status.err
    before = kept_backend.last_request(state, machine_id)
    until(lambda: kept_backend.last_request(state, machine_id) not in ("", before), "the agent's next poll")
    assert "POST /" in kept_backend.last_request(state, machine_id)
    listed = bvt("shell", home=lab.home)
    assert machine_id in listed.out
    assert "POST /" in listed.out

    told = bvt("clean", "--dry-run", home=lab.home)
    assert f"1 kept machine ({CELL}) would go with --kept" in told.out
    cleaned = bvt("clean", "--kept", home=lab.home)
    assert cleaned.code == 0, cleaned.out + cleaned.err
    assert "backend 127.0.0.1:" in cleaned.out
    assert lab.leftovers() == []
    assert not folder.exists()
