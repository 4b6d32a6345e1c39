"""An EXE installer goes the whole way, by what its profile declares."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from examples.reference_agent.signing import sign
from harness.candidate.msi import properties
from tests.e2e.conftest import BvtCommand
from tests.integration.known_bad.profile import SHIPPED

pytestmark = [
    pytest.mark.wine,
    pytest.mark.slow,
    pytest.mark.in_turn("installers of other kinds", days=4),
]

SOURCE = Path(__file__).with_name("carrier.c")
MSI_ONLY = {"install.product_registered", "install.payload_signatures", "install.file_signatures"}


@pytest.fixture(scope="module")
def installer(candidate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference agent's MSI inside a signed EXE."""
    place = tmp_path_factory.mktemp("carrier")
    shutil.copy(candidate, place / "package.msi")
    made = place / "setup.exe"
    subprocess.run(
        ["x86_64-w64-mingw32-gcc", "-municode", "-O1", "-Wall", "-Wextra", "-Werror", "-o", made, SOURCE],
        cwd=place,
        check=True,
        timeout=60,
    )
    sign(made, place)
    return made


@pytest.fixture(scope="module")
def profile(candidate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference profile for an EXE: what the MSI got as properties it gets as arguments."""
    document = yaml.safe_load(SHIPPED.read_text())
    stated = properties(candidate)
    given = document["installer"].pop("properties")
    document["installer"] |= {
        "kind": "exe",
        "declared_version": stated["ProductVersion"],
        "install_arguments": [f"{name}={value}" for name, value in given.items()],
        "uninstall_command": ["msiexec.exe", "/x", f"{{{stated['ProductCode']}}}", "/qn", "/norestart"],
    }
    path = tmp_path_factory.mktemp("profile") / "reference.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def test_it_is_installed_used_by_its_arguments_and_uninstalled(
    installer: Path, profile: Path, one_cell: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    done = bvt("run", installer, "-p", profile, "-m", one_cell, "--out", out)
    assert done.code == 0, done.out + done.err
    (cell,) = json.loads((out / "gate.json").read_text())["cells"]
    outcomes = {check["check"]: check["outcome"] for check in cell["report"]["checks"]}
    assert outcomes["install.registry"] == "passed"  # its values are what the arguments said
    assert outcomes["install.installer_signature"] == "passed"
    assert {outcomes[check] for check in MSI_ONLY} == {"not-applicable"}
