"""The commands of the README, run as a user runs them: as programs, in a directory of their own."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.reference_agent.build import build
from harness.machines.registry import load_provider
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.state import StateDirectory
from tests.deadlines import RUN_S
from tests.e2e.running import BVT, Done, Lab

MATRIX = """\
schema_version: 1
images:
  win11-24h2: {product_name: Windows 11 Pro, major: 10, minor: 0, build: 26100, display_version: 24H2}
  server-2022: {product_name: Windows Server 2022 Standard, major: 10, minor: 0, build: 20348, product_type: ServerNT}
scenarios:
  short: {title: Installed and gone again, phases: [machine, install, uninstall, residue]}
axes: {image: [IMAGES], scenario: [short]}
pools:
  embedded: {provider: wine, base_image: wine, substrates: [wine], ready_deadline_s: 90}
"""


@pytest.fixture(scope="session")
def candidate() -> Path:
    """A release candidate without a defect."""
    return build("1.0.0")


@pytest.fixture(scope="session")
def state() -> StateDirectory:
    """The user's state directory, with the Wine template in it."""
    found = StateDirectory.default()
    load_provider(Pool(provider="wine", substrates=(Substrate.WINE,)), found).prepare("wine", print)
    return found


@pytest.fixture(scope="session")
def one_cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A matrix of one short cell."""
    path = tmp_path_factory.mktemp("matrix") / "matrix.yaml"
    path.write_text(MATRIX.replace("IMAGES", "win11-24h2"))
    return path


@pytest.fixture(scope="session")
def two_cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A matrix of two short cells."""
    path = tmp_path_factory.mktemp("matrix") / "matrix.yaml"
    path.write_text(MATRIX.replace("IMAGES", "win11-24h2, server-2022"))
    return path


@pytest.fixture
def lab(tmp_path: Path, state: StateDirectory) -> Iterator[Lab]:
    """A state directory of one test's own: what it cleans is nobody else's. The images are shared."""
    made = Lab(tmp_path / "home")
    made.borrow(state)
    yield made
    made.end()


@pytest.fixture(scope="session")
def bvt(tmp_path_factory: pytest.TempPathFactory) -> "BvtCommand":
    """Run `bvt` to its end, in a directory that has tests of its own, which are none of bvt's business."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "tests").mkdir()
    for place in (elsewhere, elsewhere / "tests"):
        (place / "conftest.py").write_text("import what_is_not_installed\n")
    return BvtCommand(elsewhere)


class BvtCommand:
    """Calls the installed `bvt`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.command = BVT

    def __call__(self, *arguments: object, home: Path | None = None, timeout_s: float = RUN_S) -> Done:
        environment = os.environ | ({"BVT_HOME": str(home)} if home else {})
        return self.program([BVT, *map(str, arguments)], environment, timeout_s)

    def program(self, argv: list[str], environment: dict[str, str], timeout_s: float = RUN_S) -> Done:
        """Any program in the same directory."""
        done = subprocess.run(
            argv,
            cwd=self.directory,
            env=environment | {"COLUMNS": "160"},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)
