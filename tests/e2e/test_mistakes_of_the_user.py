"""A wrong command or file is one sentence on standard error, exit code 2, and nothing is written or started."""

from pathlib import Path

import pytest

from examples.reference_agent.build import build
from tests.e2e.conftest import MATRIX, BvtCommand
from tests.e2e.running import Done

pytestmark = [pytest.mark.wine]

GOOD = MATRIX.replace("IMAGES", "win11-24h2")
BROKEN = {
    "no-yaml": ("images:\n", "images: [\n", "matrix.yaml:"),
    "unknown-key": ("axes:", "axis: {}\naxes:", "axis"),
    "key-twice": ("axes:", "pools: {}\naxes:", "pools"),
    "unknown-image": ("[win11-24h2]", "[win12]", "no image matches 'win12'"),
    "unknown-scenario": ("scenario: [short]", "scenario: [long]", "no scenario matches 'long'"),
    "cell-twice": ("scenario: [short]", "scenario: [short, short]", "a value is listed twice"),
    "no-cell": ("image: [win11-24h2]", "image: []", "the axis has no value"),
    "unknown-phase": ("residue]", "residu]", "Did you mean 'residue'?"),
    "unknown-provider": (
        "provider: wine",
        "provider: vmware",
        "pools.embedded.provider: there is no machine provider 'vmware'",
    ),
}


def assert_refused(done: Done, out: Path, words: str) -> None:
    assert done.code == 2, done.out + done.err
    assert words in done.err, done.err
    assert done.err.startswith("bvt: ")
    assert done.err.count("\n") == 1, done.err
    assert "Traceback" not in done.out + done.err
    assert not out.exists()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run"


def test_a_corrupt_msi(bvt: BvtCommand, candidate: Path, tmp_path: Path, out: Path) -> None:
    corrupt = tmp_path / "corrupt.msi"
    corrupt.write_bytes(candidate.read_bytes()[:30_000])
    assert_refused(bvt("run", corrupt, "--profile", "reference", "--out", out), out, "corrupt.msi")


def test_a_file_that_is_no_installer(bvt: BvtCommand, tmp_path: Path, out: Path) -> None:
    text = tmp_path / "notes.msi"
    text.write_text("not an installer")
    assert_refused(bvt("run", text, "--profile", "reference", "--out", out), out, "notes.msi")


def test_an_msi_for_another_platform(bvt: BvtCommand, out: Path) -> None:
    other = build("1.0.0", platform="arm64")
    assert_refused(bvt("run", other, "--profile", "reference", "--out", out), out, "rm64")


def test_a_candidate_that_is_not_there(bvt: BvtCommand, tmp_path: Path, out: Path) -> None:
    missing = tmp_path / "missing.msi"
    assert_refused(bvt("run", missing, "--profile", "reference", "--out", out), out, "missing.msi")


def test_an_unknown_profile(bvt: BvtCommand, candidate: Path, out: Path) -> None:
    assert_refused(bvt("run", candidate, "--profile", "nobody", "--out", out), out, "nobody")


def test_an_unknown_pool(bvt: BvtCommand, candidate: Path, one_cell: Path, out: Path) -> None:
    done = bvt("run", candidate, "-p", "reference", "-m", one_cell, "--pool", "moon", "--out", out)
    assert_refused(done, out, "moon")


def test_a_cell_pattern_that_matches_nothing(
    bvt: BvtCommand, candidate: Path, one_cell: Path, out: Path
) -> None:
    done = bvt("run", candidate, "-p", "reference", "-m", one_cell, "--cells", "win12/*", "--out", out)
    assert_refused(done, out, "win12")


def test_a_number_of_workers_that_is_none(
    bvt: BvtCommand, candidate: Path, one_cell: Path, out: Path
) -> None:
    done = bvt("run", candidate, "-p", "reference", "-m", one_cell, "-n", "many", "--out", out)
    assert_refused(done, out, "many")


def test_a_policy_for_keeping_machines_that_is_none(bvt: BvtCommand, candidate: Path, out: Path) -> None:
    done = bvt("run", candidate, "-p", "reference", "--keep", "sometimes", "--out", out)
    assert_refused(done, out, "sometimes")


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_matrix(kind: str, bvt: BvtCommand, candidate: Path, tmp_path: Path, out: Path) -> None:
    old, new, words = BROKEN[kind]
    assert old in GOOD
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(GOOD.replace(old, new, 1))
    assert_refused(bvt("run", candidate, "-p", "reference", "-m", matrix, "--out", out), out, words)


def test_a_matrix_that_is_not_there(bvt: BvtCommand, candidate: Path, tmp_path: Path, out: Path) -> None:
    done = bvt("run", candidate, "-p", "reference", "-m", tmp_path / "none.yaml", "--out", out)
    assert_refused(done, out, "none.yaml")


def test_a_run_is_never_written_over_another(
    bvt: BvtCommand, candidate: Path, one_cell: Path, out: Path
) -> None:
    out.mkdir()
    (out / "run.json").write_text("{}")
    done = bvt("run", candidate, "-p", "reference", "-m", one_cell, "--out", out)
    assert done.code == 2
    assert "a run was already written here" in done.err
    assert [path.name for path in out.iterdir()] == ["run.json"]


def test_a_shell_on_a_machine_that_was_not_kept(bvt: BvtCommand, tmp_path: Path) -> None:
    done = bvt("shell", "win11-24h2/fresh", "-C", "ver", home=tmp_path / "home")
    assert done.code == 2
    assert "none is kept" in done.err
