"""The commands beside `bvt run`."""

import json
import os
import re
from pathlib import Path

import pytest

import harness
from examples.reference_agent.build import build
from tests.e2e.conftest import BvtCommand
from tests.e2e.running import Lab

pytestmark = [pytest.mark.wine]


def test_the_version(bvt: BvtCommand) -> None:
    done = bvt("--version")
    assert (done.code, done.out) == (0, f"bvt {harness.__version__}\n")


def test_the_doctor_names_what_is_there(bvt: BvtCommand) -> None:
    done = bvt("doctor", "--pool", "embedded", "--json")
    findings = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 0, done.out + done.err
    assert any("msiinfo" in finding["subject"] and finding["ok"] for finding in findings)
    assert all(finding["ok"] or finding["remedy"] or not finding["required"] for finding in findings)


def test_a_plan_is_the_same_each_time(bvt: BvtCommand, candidate: Path, one_cell: Path) -> None:
    plans = [
        bvt("plan", candidate, "--profile", "reference", "--matrix", one_cell, "--json") for _ in range(2)
    ]
    assert [plan.code for plan in plans] == [0, 0]
    assert json.loads(plans[0].out) == json.loads(plans[1].out)
    digests = {
        re.findall("plan ([0-9a-f]{64})", bvt("plan", candidate, "-p", "reference", "-m", one_cell).out)[0]
        for _ in range(2)
    }
    assert len(digests) == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(shell: str, bvt: BvtCommand) -> None:
    done = bvt.program([str(bvt.command)], os.environ | {"_BVT_COMPLETE": f"source_{shell}"})
    assert done.code == 0
    assert "_BVT_COMPLETE" in done.out


def test_completion_offers_the_commands(bvt: BvtCommand) -> None:
    done = bvt.program(
        [str(bvt.command)],
        os.environ | {"_BVT_COMPLETE": "complete_bash", "COMP_WORDS": "bvt ", "COMP_CWORD": "1"},
    )
    assert {"run", "plan", "doctor", "clean", "shell"} <= set(done.out.split())


@pytest.mark.slow
def test_a_failed_machine_can_be_kept_entered_and_removed(lab: Lab, one_cell: Path, bvt: BvtCommand) -> None:
    bad = build("1.0.0", frozenset({"leaves-file"}))
    run = lab.run(bad, "--profile", "reference", "--matrix", one_cell, "-n", 1, "--keep", "failed")
    assert run.ended() == 1, run.said
    kept = "nothing to clean; 1 kept machine (win11-24h2/short) would go with --kept\n"
    assert bvt("clean", home=lab.home).out == kept
    inside = bvt("shell", "win11-24h2/short", "-C", "ver", home=lab.home)
    assert inside.code == 0, inside.err
    assert "Microsoft Windows 10.0.26100" in inside.out
    assert bvt("shell", "win11-24h2/short", "-C", "exit 7", home=lab.home).code == 7
    assert "win11-24h2/short" in bvt("shell", home=lab.home).out
    cleaned = bvt("clean", "--kept", home=lab.home)
    assert cleaned.code == 0, cleaned.err
    assert lab.leftovers() == []
