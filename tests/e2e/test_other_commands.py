"""The commands beside `bvt run`."""

import json
import os
import re
from pathlib import Path

import pytest

import harness
from tests.e2e.conftest import BvtCommand

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
