"""From real runs to a roll-back: the candidate was upgraded to and gone back from on real cells, or nobody goes back."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from examples.reference_agent.build import build
from harness.signing.keys import KeyKind, new_key_pair
from tests.deadlines import RUN_S
from tests.integration.known_bad.profile import derived_profile

pytestmark = [pytest.mark.wine, pytest.mark.slow]

MATRIX = """\
schema_version: 1
images:
  win11-24h2: {{product_name: Windows 11 Pro, major: 10, minor: 0, build: 26100, display_version: 24H2}}
scenarios:
  fresh: {{title: Alone, phases: [machine, install]}}
  upgrade:
    title: From the release before
    steps: [{{machine: }}, {{install: previous}}, {{upgrade: candidate}}, {{uninstall: candidate}}, {{residue: }}]
  downgrade:
    title: And back to it
    steps: [{{machine: }}, {{install: candidate}}, {{downgrade: previous}}, {{uninstall: candidate}}, {{residue: }}]
axes: {{image: [win11-24h2], scenario: [{scenarios}]}}
pools:
  embedded: {{provider: wine, base_image: wine, substrates: [wine], ready_deadline_s: 90}}
"""
POLICY = """\
schema_version: 1
name: releases
expires: "2099-01-01T00:00:00Z"
tiers:
  internal: {substrates: [wine], max_age_days: 2}
"""
PASSPHRASE = "open sesame"
Bvt = Callable[..., tuple[int, str]]


@pytest.fixture
def bvt(tmp_path: Path) -> Bvt:
    """Runs the command, and founds a ledger with one tier and one person."""
    environment = os.environ | {
        "BVT_KEY_PASSPHRASE": PASSPHRASE,
        "BVT_LEDGER": str(tmp_path / "ledger.db"),
        "BVT_SIGN_KEY": str(tmp_path / "ci.key"),
        "BVT_PERSON_KEY": str(tmp_path / "ci.key"),
        "COLUMNS": "300",
    }

    def run(*words: object) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "harness.cli", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=RUN_S,
            check=False,
            env=environment,
        )
        return done.returncode, done.stdout + done.stderr

    new_key_pair(KeyKind.ED25519, tmp_path / "ci.key", PASSPHRASE)
    key = "".join((tmp_path / "ci.pub").read_text().splitlines()[1:-1])
    (tmp_path / "tiers.yaml").write_text(
        f"schema_version: 1\npeople: {{ci: {{key: {key}, roles: [builder]}}}}\ngates: {{keys: [{key}]}}\n"
        "change_tiers: [{role: builder}]\ntiers: [{name: internal, request: [builder]}]\n"
    )
    (tmp_path / "gate-policy.yaml").write_text(POLICY)
    code, said = run("ledger", "init", tmp_path / "tiers.yaml", "--policy", tmp_path / "gate-policy.yaml")
    assert code == 0, said
    return run


def gated(bvt: Bvt, folder: Path, candidate: Path, scenarios: str, downgrade: str, *more: object) -> Path:
    """A run's directory, whose gate is signed."""
    folder.mkdir()
    (folder / "matrix.yaml").write_text(MATRIX.format(scenarios=scenarios))
    profile = derived_profile(folder / "reference.yaml", {"upgrade.downgrade": downgrade})
    run = folder / "run"
    options = ("--profile", profile, "--matrix", folder / "matrix.yaml", "--out", run, "-n", "1", *more)
    code, said = bvt("run", candidate, *options)
    assert code == 0, said
    return run


def promoted(bvt: Bvt, candidate: Path, run: Path) -> None:
    code, said = bvt("promote", candidate, "--to", "internal", "--gate", run)
    assert code == 0, said


@pytest.mark.in_turn("cells beside the usual", days=3)
def test_hosts_go_back_to_the_release_that_real_cells_went_back_to(tmp_path: Path, bvt: Bvt) -> None:
    old, new = build("1.0.0", frozenset({"goes-back"})), build("1.1.0")
    promoted(bvt, old, gated(bvt, tmp_path / "old", old, "fresh", "clean"))
    run = gated(bvt, tmp_path / "new", new, "upgrade, downgrade", "clean", "--previous", old)
    promoted(bvt, new, run)
    code, said = bvt("gate", "verify", run, "--candidate", new, "--key", tmp_path / "ci.pub", "--json")
    found: dict[str, Any] = json.loads(said)
    assert (code, [way["proven"] for way in found["ways_back"]]) == (0, [True]), said
    code, said = bvt("explain", "1.1.0")
    assert (code, "way back: BVT Reference Agent 1.0.0" in said) == (0, True), said
    code, said = bvt("rollback", "1.1.0", "--tier", "internal")
    assert code == 0, said
    assert said.startswith("ROLLED BACK: BVT Reference Agent 1.1.0")
    assert found["ways_back"][0]["sha256"][:12] in said


@pytest.mark.in_turn("cells beside the usual", days=3)
def test_where_the_older_installer_refuses_nobody_goes_back(tmp_path: Path, bvt: Bvt) -> None:
    old, new = build("1.0.0"), build("1.1.0")
    promoted(bvt, old, gated(bvt, tmp_path / "old", old, "fresh", "blocked"))
    run = gated(bvt, tmp_path / "new", new, "upgrade, downgrade", "blocked", "--previous", old)
    promoted(bvt, new, run)
    code, said = bvt("rollback", "1.1.0", "--tier", "internal")
    assert code == 3, said
    assert "No earlier version in tier internal passed the upgrade and downgrade scenarios" in said
    assert "downgrade.went_back is not-tested: the profile does not declare" in said
    assert "To prove a way back: run the candidate with that release as --previous" in said
