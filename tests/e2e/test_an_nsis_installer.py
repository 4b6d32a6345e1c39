"""NSIS packages, as many products ship them: 32 and 64 bit, a program for an agent, no service at all."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import BvtCommand

pytestmark = [
    pytest.mark.wine,
    pytest.mark.slow,
    pytest.mark.in_turn("installers of other kinds", days=4),
]

SOURCES = Path(__file__).parent / "nsis"
FOLDER = r"C:\Program Files\Tiny"
PROFILE: dict[str, Any] = {
    "schema_version": 1,
    "name": "tiny",
    "title": "Tiny",
    "status": "exercised",
    "product_name": "Tiny",
    "installer": {
        "kind": "exe",
        "declared_version": "1.0",
        "install_arguments": ["/S"],
        "uninstall_command": [rf"{FOLDER}\uninst.exe", "/S"],
        "unsigned": "the package is a test's own",
        "timeout_s": 120,
    },
    "install_dir": FOLDER,
    "services": [],
    "files": [{"path": rf"{FOLDER}\a.txt"}, {"path": rf"{FOLDER}\tiny.exe"}],
}


def package(folder: Path, target: str, *defines: str) -> Path:
    """Build the agent and pack it."""
    subprocess.run(
        ["x86_64-w64-mingw32-gcc", "-municode", "-O1", "-s", "-o", folder / "tiny.exe", SOURCES / "tiny.c"],
        check=True,
        timeout=120,
    )
    made = folder / f"tiny-{target}.exe"
    (folder / "tiny.nsi").write_bytes((SOURCES / "tiny.nsi").read_bytes())
    stated = [f"-DTARGET={target}", f"-DOUT={made}", *defines]
    subprocess.run(["makensis", "-V2", *stated, "tiny.nsi"], cwd=folder, check=True, timeout=120)
    return made


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(PROFILE, sort_keys=False))
    return path


def outcomes(run: Path) -> dict[str, tuple[str, str]]:
    """Outcome and message of every check of the only cell."""
    (cell,) = json.loads((run / "gate.json").read_text())["cells"]
    return {check["check"]: (check["outcome"], check["message"]) for check in cell["report"]["checks"]}


@pytest.mark.parametrize(
    ("target", "folder", "defines"),
    [
        ("amd64-unicode", FOLDER, ()),
        ("x86-unicode", r"C:\Program Files\Tiny in another place", ("-DNOVERSION",)),
    ],
)
def test_a_good_package_without_a_service_passes(
    target: str, folder: str, defines: tuple[str, ...], one_cell: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    """Its program is left running by the installer; its uninstaller works on for seconds after its own end.

    NSIS takes the folder for the rest of its line: in quotes it is none.
    """
    out, profile = tmp_path / "run", tmp_path / "tiny.yaml"
    document = yaml.safe_load(yaml.safe_dump(PROFILE).replace(FOLDER, folder))
    if folder != FOLDER:
        document["installer"]["install_arguments"].append(f"/D={folder}")
    profile.write_text(yaml.safe_dump(document))
    done = bvt("run", package(tmp_path, target, *defines), "-p", profile, "-m", one_cell, "--out", out)
    assert done.code == 0, done.out + done.err
    found = outcomes(out)
    assert found["install.files"][0] == "passed"
    assert found["install.loopback_ports"][0] == "passed"  # its program was looked at
    assert found["residue.files"][0] == "passed"
    assert found["residue.pending_renames"][0] == "passed"
    assert {"failed", "infra"}.isdisjoint(outcome for outcome, _ in found.values())
    assert found["install.service_running"][0] == "not-tested"


def test_an_installer_that_does_nothing_and_says_0_is_the_candidates_failure_alone(
    profile: Path, one_cell: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    """Nothing is asked of an uninstaller that is not there."""
    out = tmp_path / "run"
    broken = package(tmp_path, "amd64-unicode", "-DBROKEN")
    done = bvt("run", broken, "-p", profile, "-m", one_cell, "--out", out)
    assert done.code == 1, done.out + done.err
    found = outcomes(out)
    assert "infra" not in {outcome for outcome, _ in found.values()}
    assert found["install.files"][0] == "failed"
    outcome, message = found["uninstall.exit_code"]
    assert outcome == "failed"
    assert rf"the uninstaller {FOLDER}\uninst.exe is there" in message
    assert found["residue.files"][0] == "blocked"


def test_one_that_gives_up_for_want_of_a_program_of_windows_says_nothing_about_itself(
    profile: Path, one_cell: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    """As an MSI whose action runs such a program. Nobody can read its script: Wine tells what it asked for."""
    out = tmp_path / "run"
    made = package(tmp_path, "amd64-unicode", "-DFILTER", "-DPACKED")
    done = bvt("run", made, "-p", profile, "-m", one_cell, "--out", out, "--infra-retries", "0")
    assert done.code == 4, done.out + done.err
    outcome, message = outcomes(out)["install.exit_code"]
    assert outcome == "infra"
    assert "cannot be tried on Wine: it asks for `fltmc load tiny`, and Wine has no fltmc.exe" in message
    assert "failed" not in {each for each, _ in outcomes(out).values()}


def test_one_that_gives_up_of_itself_is_to_blame_though_its_script_names_a_program_that_wine_lacks(
    profile: Path, one_cell: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    done = bvt(
        "run", package(tmp_path, "amd64-unicode", "-DGIVES_UP"), "-p", profile, "-m", one_cell, "--out", out
    )
    assert done.code == 1, done.out + done.err
    assert outcomes(out)["install.exit_code"][0] == "failed"
    assert "infra" not in {each for each, _ in outcomes(out).values()}
