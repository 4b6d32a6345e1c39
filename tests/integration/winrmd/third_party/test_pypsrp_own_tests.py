"""pypsrp's own tests of its command shell, which are meant for a Windows machine, run against a Wine machine."""

import os
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.machines.provider import Machine
from harness.machines.registry import load_provider
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion
from harness.state import StateDirectory
from tests.integration.winrmd.third_party.environments import environment_with

TESTS = (
    "test_winrs_standard",
    "test_winrs_stderr_rc",
    "test_winrs_environment",
    "test_winrs_open_already_opened",
    "test_winrs_fail_poll_process",
)
"""Those that need a machine and no PowerShell, which Wine has not."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    provider = load_provider(Pool(provider="wine", substrates=(Substrate.WINE,)), StateDirectory.default())
    provider.prepare("wine", print)
    windows = WindowsVersion(product_name="Windows 10 Pro", major=10, minor=0, build=19045)
    media = tmp_path_factory.mktemp("media")
    spec = MachineSpec(run_id="test", cell_id="test/pypsrp", image="wine", windows=windows, media=media)
    machine = provider.create(spec, Deadline.after(120))
    yield machine
    machine.destroy()


@pytest.mark.wine
@pytest.mark.timeout(600)
def test_they_pass(machine: Machine, pypsrp_sources: Path) -> None:
    access = machine.winrm
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PYPSRP_SERVER": access.host,
        "PYPSRP_PORT": str(access.port),
        "PYPSRP_USERNAME": access.username,
        "PYPSRP_PASSWORD": access.password.get_secret_value(),
        "PYPSRP_AUTH": "ntlm",
        "no_proxy": "*",
    }
    packages = (f"pypsrp=={version('pypsrp')}", "pytest==9.2.0", "PyYAML", "xmldiff==3.0")
    python = environment_with("pypsrp-tests", packages) / "python"
    done = subprocess.run(
        [
            *(str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA"),
            *("tests/tests_pypsrp/test_shell.py", "-k", " or ".join(TESTS)),
        ],
        cwd=pypsrp_sources,
        env=environment,
        capture_output=True,
        timeout=300,
        check=False,
    )
    said = (done.stdout + done.stderr).decode()
    passed = {line.split("::")[-1].split("[")[0] for line in said.splitlines() if line.startswith("PASSED")}
    assert passed == set(TESTS), said
    assert done.returncode == 0, said
