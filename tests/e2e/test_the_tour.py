"""`docs/tour.md`: its commands are run as they stand there, and say what stands there."""

import os
import socket
import sys
from pathlib import Path

import psutil
import pytest

from tests.deadlines import RUN_S
from tests.e2e.running import BVT, Lab
from tests.e2e.tour import Step, differences, fits, masked, run, steps_of

ROOT = Path(__file__).parents[2]
TOUR = (ROOT / "docs" / "tour.md").read_text()
PORT = "8480"
DEV = f"""\
#!/bin/sh
# ./dev without its setting up: the environment is the tests' own.
test "$1" = gate || exit 2
shift
exec {BVT} run "$({sys.executable} -m examples.reference_agent.build)" --profile reference --pool embedded "$@"
"""
MATRIX = """\
schema_version: 1
images:
  win11-24h2: {product_name: Windows 11 Pro, major: 10, minor: 0, build: 26100, display_version: 24H2}
scenarios:
  short: {title: Installed, phases: [machine, install]}
axes: {image: [win11-24h2], scenario: [short]}
pools:
  embedded: {provider: wine, base_image: wine, substrates: [wine], ready_deadline_s: 90}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As the reader has it, but for a matrix of one short cell."""
    for name in ("agents", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    (tmp_path / "dev").write_text(DEV)
    (tmp_path / "dev").chmod(0o755)
    return tmp_path


@pytest.mark.wine
@pytest.mark.slow
@pytest.mark.in_turn("documents that are carried out", days=3)
@pytest.mark.timeout(4 * RUN_S)
def test_every_command_of_the_tour_says_what_the_document_says(checkout: Path, lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    steps = steps_of(TOUR.replace(PORT, port))
    assert len(steps) > 50
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BVT_")}
    environment |= {"BVT_HOME": str(lab.home), "COLUMNS": "160", "PYTHONUNBUFFERED": "1"}
    said = run(steps, checkout, environment, 3 * RUN_S)
    found = list(differences(steps, said))
    assert not found, "\n\n".join(found)


def test_a_document_that_has_parted_from_the_truth_is_found(tmp_path: Path) -> None:
    """The comparison can fail: in what is said, in how much is said, and in the exit code."""
    text = "```console\n$ printf 'a 1\\nb 2\\n'\na 7\n…\n$ false\n$ echo $?\n1\n$ cat <<END\n> x\n> END\nx\n```\n"
    steps = steps_of(text)
    said = run(steps, tmp_path, os.environ, 60)
    assert list(differences(steps, said)) == []
    for right, wrong in (("a 7", "b 7"), ("a 7\n…", "a 7"), ("\n1\n", "\n0\n"), ("END\nx", "END\ny")):
        others = steps_of(text.replace(right, wrong))
        assert len(list(differences(others, said))) == 1, wrong
    assert list(differences(steps, said[:2])) == ["2 of 4 commands were reached."]


def test_digests_and_numbers_may_differ_and_versions_may_not() -> None:
    assert masked("PROMOTED: Agent 1.0.1 (d8c833dbf669), 5 of 43 hosts at 2026-11-29 07:37") == masked(
        "PROMOTED: Agent 1.0.1 (368dea76d5e4), 7 of 50 hosts at 2026-11-30 12:00"
    )
    assert masked("Agent 1.0.1") != masked("Agent 1.0.0")
    assert fits(["…", "b"], ["a", "b"])
    assert not fits(["…", "b"], ["a", "b", "c"])


def test_what_the_shell_started_does_not_outlive_it(tmp_path: Path) -> None:
    [said] = run([Step(1, "sleep 600 & echo $!", ())], tmp_path, os.environ, 60)
    left = [each for each in psutil.process_iter(["pid", "status"]) if each.pid == int(said)]
    assert all(each.info["status"] == psutil.STATUS_ZOMBIE for each in left)
