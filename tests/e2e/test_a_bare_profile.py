"""A profile that says little gets a verdict that says little: what it leaves undeclared stands beside the PASS."""

import json
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import MATRIX, BvtCommand
from tests.e2e.running import Done
from tests.integration.known_bad.profile import SHIPPED

pytestmark = [pytest.mark.wine, pytest.mark.slow]

KEPT = ("schema_version", "name", "title", "status", "product_name", "installer", "install_dir", "check_in")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference agent's profile without anything that may be left out."""
    whole = yaml.safe_load(SHIPPED.read_text())
    document = {key: whole[key] for key in KEPT} | {"services": [{"name": whole["services"][0]["name"]}]}
    document["check_in"] = {**whole["check_in"], "keeps_events": False}  # nothing would show it
    path = tmp_path_factory.mktemp("profile") / "reference.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A matrix of one cell in which the agent's functions are to be tried."""
    path = tmp_path_factory.mktemp("matrix") / "matrix.yaml"
    phases = "[machine, install, check-in, functions]"
    path.write_text(
        MATRIX.replace("IMAGES", "win11-24h2").replace("[machine, install, uninstall, residue]", phases)
    )
    return path


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bare") / "run"


@pytest.fixture(scope="module")
def ended(candidate: Path, bare: Path, used: Path, out: Path, bvt: BvtCommand) -> Done:
    return bvt("run", candidate, "-p", bare, "-m", used, "--out", out)


def test_the_first_line_of_the_verdict_names_the_phase_that_was_not_tested(ended: Done, out: Path) -> None:
    assert ended.code == 0, ended.out + ended.err
    assert "\nPASS (functions not tested)  BVT Reference Agent 1.0.0\n" in ended.out
    assert (out / "summary.md").read_text().startswith(r"## PASS \(functions not tested\): ")
    page = (out / "gate.html").read_text()
    assert 'PASS <span class="beside">functions not tested</span>' in page
    assert '<span class="o o-not-tested" title="not tested">not tested</span>' in page


def test_every_function_is_not_tested_and_none_is_merely_not_applicable(ended: Done, out: Path) -> None:
    (cell,) = json.loads((out / "gate.json").read_text())["cells"]
    functions = {
        check["check"]: check["outcome"]
        for check in cell["report"]["checks"]
        if check["phase"] == "functions"
    }
    assert set(functions.values()) == {"not-tested"}
    reasons = [check["message"] for check in cell["report"]["checks"] if check["outcome"] == "not-tested"]
    silent = reasons.count("the profile declares no telemetry")
    assert silent >= len(functions) / 2
    assert f"Not tested: {len(reasons)} checks; the profile declares no telemetry ({silent}), " in ended.out
