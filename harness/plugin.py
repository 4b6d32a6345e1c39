"""The pytest plugin's door: its options, and nothing else until a run is asked for.

Without `--candidate` or `--bvt-run` no other part of the harness is even imported, so installing the package neither
slows nor changes any other test suite.
"""

import argparse
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the gate; `bvt run --help` explains them at length."""
    group = parser.getgroup("bvt", "build-verification gate")
    group.addoption("--candidate", type=Path, help="the installer under test")
    group.addoption("--profile", help="agent profile: a name under agents/ or a path")
    group.addoption("--matrix", type=Path, help="matrix file (default: matrix.yaml)")
    group.addoption("--pool", default="embedded", help="pool of the matrix to run on (default: embedded)")
    group.addoption("--cells", action="append", default=[], metavar="GLOB", help="run only these cells")
    group.addoption("--out", type=Path, help="run directory (default: reports/<run id>)")
    group.addoption("--keep", choices=("failed", "always", "never"), default="never", help="machines to keep")
    group.addoption("--backend", help="file of an external backend (default: embedded)")
    group.addoption("--bvt-run", type=Path, help=argparse.SUPPRESS)


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the hooks of a run, if this session is one."""
    worker_input: dict[str, object] = getattr(config, "workerinput", {})
    if not (config.getoption("--candidate") or config.getoption("--bvt-run") or "bvt_run" in worker_input):
        return
    from harness.run import hooks

    config.pluginmanager.register(hooks, "bvt-run")
