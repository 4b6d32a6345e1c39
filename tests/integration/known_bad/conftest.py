"""Runs every known-bad candidate once, several at a time, each in its own run of one Wine cell."""

import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from examples.reference_agent.build import build
from harness.gate.artifact import read_gate
from harness.model.gate import Gate
from tests.deadlines import RUN_S
from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.known import KnownBad
from tests.integration.known_bad.profile import derived_profile
from tests.integration.known_bad.rotation import chosen
from tests.integration.known_bad.scenes import shipped

CHOSEN = chosen(BAD)
AT_ONCE = 3
PREVIOUS = "0.9.0"
CABINET = b"MSCF"
"""How a cabinet begins."""

MATRIX = """\
schema_version: 1
images:
  win11-24h2: {{product_name: Windows 11 Pro, major: 10, minor: 0, build: 26100, display_version: 24H2}}
scenarios:
  bad: {{title: A known-bad candidate, {form}: [{phases}]}}
axes: {{image: [win11-24h2], scenario: [bad]}}
pools:
  embedded: {{provider: wine, base_image: wine, substrates: [wine], ready_deadline_s: 90}}
"""


@dataclass(frozen=True)
class Ended:
    """How a run of a known-bad candidate ended."""

    code: int
    said: str
    gate: Gate


def damaged(candidate: Path, place: Path) -> Path:
    """A copy with changed bytes in the middle of its cabinet's data."""
    content = bytearray(candidate.read_bytes())
    middle = content.index(CABINET) + 4096
    content[middle : middle + 256] = bytes(byte ^ 0x5A for byte in content[middle : middle + 256])
    copy = place / candidate.name
    copy.write_bytes(content)
    return copy


def run_bad(bad: KnownBad, place: Path) -> Ended:
    place.mkdir()
    candidate = build("1.0.0", bad.defects)
    if bad.damaged:
        candidate = damaged(candidate, place)
    matrix = place / "matrix.yaml"
    steps = shipped(bad.scenario) if bad.scenario else bad.steps
    matrix.write_text(
        MATRIX.format(form="steps" if steps else "phases", phases=steps or ", ".join(bad.phases)), "utf-8"
    )
    previous = ["--previous", str(build(PREVIOUS))] if steps else []
    profile = derived_profile(place / "reference.yaml", bad.profile)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "harness.cli", "run", str(candidate)),
            *("--profile", str(profile), "--matrix", str(matrix), "--out", str(place / "run"), "-n", "1"),
            *previous,
        ],
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert (place / "run" / "gate.json").exists(), done.stdout + done.stderr
    return Ended(done.returncode, done.stdout + done.stderr, read_gate(place / "run"))


def of_today(name: str) -> pytest.MarkDecorator:
    """For a test that looks at one candidate: there is nothing to look at on another part's day."""
    return pytest.mark.skipif(
        name not in CHOSEN, reason=f"{name} is not in this run's part of the known-bad candidates"
    )


@pytest.fixture(scope="session")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[Ended]]:
    """The runs by candidate. All are started at once; a test waits for the one it looks at."""
    root = tmp_path_factory.mktemp("known-bad")
    pool = ThreadPoolExecutor(AT_ONCE)
    return {name: pool.submit(run_bad, BAD[name], root / name) for name in CHOSEN}
