"""pypsrp's source package, with its own tests and the answers of real Windows that they replay."""

import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.state import StateDirectory


@pytest.fixture(scope="session")
def pypsrp_sources() -> Path:
    """Those of the version that is installed, fetched where they are not there yet."""
    name = f"pypsrp-{version('pypsrp')}"
    place = StateDirectory.default().part("third-party", name)
    if not (place / name).is_dir():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"),
                *("--dest", str(place), name.replace("-", "==")),
            ],
            check=True,
            capture_output=True,
            timeout=300,
        )
        with tarfile.open(place / f"{name}.tar.gz") as archive:
            archive.extractall(place)
    return place / name
