"""A whole run of `bvt` with one Wine cell, in a process of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.gate.artifact import read_gate
from harness.model.gate import Gate
from tests.deadlines import RUN_S

MATRIX = """\
schema_version: 1
images:
  win11-24h2: {{product_name: Windows 11 Pro, major: 10, minor: 0, build: 26100, display_version: 24H2}}
scenarios:
  short: {{title: One cell of a test, {form}: [{phases}]}}
axes: {{image: [win11-24h2], scenario: [short]}}
pools:
  embedded: {{provider: wine, base_image: wine, substrates: [wine], ready_deadline_s: 90}}
"""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    said: str
    gate: Gate


def run_one_cell(
    candidate: Path,
    profile: Path,
    place: Path,
    phases: str,
    *options: str,
    form: str = "phases",
) -> Ended:
    """Run it to its end, below `place`. `phases`: the scenario's, as YAML; `form`: `phases` or `steps`."""
    matrix = place / "matrix.yaml"
    matrix.write_text(MATRIX.format(form=form, phases=phases), "utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "harness.cli", "run", str(candidate)),
            *("--profile", str(profile), "--matrix", str(matrix), "--out", str(place / "run"), "-n", "1"),
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert (place / "run" / "gate.json").exists(), done.stdout + done.stderr
    return Ended(done.returncode, done.stdout + done.stderr, read_gate(place / "run"))
