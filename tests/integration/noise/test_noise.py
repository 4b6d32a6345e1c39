"""A service that is not the candidate writes hundreds of files and values while a cell goes its whole way.

With a sham run the good candidate passes and the bad one is told from the noise, file by file and value by value.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from examples.reference_agent.build import build
from harness.gate.artifact import read_gate
from harness.machines.wine.compiler import COMPILER
from harness.model.gate import Gate, Verdict
from harness.model.report import Outcome
from harness.residue.change import Change, Where
from harness.state import StateDirectory
from tests.deadlines import RUN_S
from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.profile import derived_profile
from tests.integration.noise.plugin import PROGRAM
from tests.integration.one_cell import MATRIX

pytestmark = [pytest.mark.wine, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
FILES, VALUES = 500, 200
BY_NOISE = (
    "c:\\programdata\\telemetry\\",
    "c:\\windows\\telemetry\\",
    "c:\\windows\\temp\\msi",
    "c:\\users\\public\\run_",
    "hklm\\software\\telemetry\\",
)
WHOLE = ("machine", "install", "check-in", "functions", "reboot", "uninstall", "residue", "reboot-clean")


@dataclass(frozen=True)
class Ended:
    """How a run among noise ended."""

    said: str
    gate: Gate
    changes: tuple[Change, ...]

    @property
    def noise(self) -> list[Change]:
        return [change for change in self.changes if change.name.startswith(BY_NOISE)]


def run(candidate: Path, profile: Path, phases: tuple[str, ...], place: Path) -> Ended:
    program, matrix, out = place / "noise.exe", place / "matrix.yaml", place / "run"
    source = Path(__file__).with_name("noise.c")
    flags = ["-municode", "-O2", "-s", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([COMPILER, *flags, "-o", program, source, "-ladvapi32"], check=True, timeout=60)
    matrix.write_text(MATRIX.format(form="phases", phases=", ".join(phases)))
    # A state directory of its own, for what is noise here is none elsewhere.
    home = place / "home"
    home.mkdir()
    for part in ("images", "tools"):
        (home / part).symlink_to(StateDirectory.default().part(part), target_is_directory=True)
    options = {"candidate": candidate, "profile": profile, "matrix": matrix, "out": out}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--pyargs", "harness.checks", "-q", "-p", "no:cacheprovider"),
            *("-p", "tests.integration.noise.plugin", "-c", os.devnull, f"--rootdir={place}"),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
        env=os.environ | {"BVT_HOME": str(home), PROGRAM: str(program), "PYTHONPATH": str(ROOT)},
    )
    said = done.stdout + done.stderr
    assert (out / "gate.json").exists(), said
    (recorded,) = out.glob("cells/*/whole-machine/residue.json")
    return Ended(said, read_gate(out), TypeAdapter(tuple[Change, ...]).validate_json(recorded.read_bytes()))


@pytest.mark.in_turn("cells beside the usual", days=3)
def test_a_good_candidate_passes_among_it(tmp_path: Path) -> None:
    ended = run(build("1.0.0"), derived_profile(tmp_path / "reference.yaml", {}), WHOLE, tmp_path)
    found = {where: sum(change.where is where for change in ended.noise) for where in Where}
    assert found[Where.FILE] >= FILES
    assert found[Where.REGISTRY] >= VALUES
    assert ended.gate.verdict is Verdict.PASS, ended.said


@pytest.mark.in_turn("cells beside the usual", days=3)
def test_what_a_bad_one_leaves_is_told_from_it(tmp_path: Path) -> None:
    bad = BAD["all-over-the-place"]
    profile = derived_profile(tmp_path / "reference.yaml", bad.profile)
    ended = run(build("1.0.0", bad.defects), profile, bad.phases, tmp_path)
    assert len(ended.noise) > 100
    report = ended.gate.cells[0].report
    assert report is not None
    failed = {result.check: result.message for result in report.checks if result.outcome is Outcome.FAILED}
    assert failed.keys() >= set(bad.caught)
    for check, words in bad.caught.items():
        assert re.search(words, failed[check]), failed[check]
    for message in failed.values():
        assert not any(place in message for place in BY_NOISE), message
