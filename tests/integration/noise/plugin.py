"""A pytest plugin for a run: each Wine machine that it makes has a service that writes all the time.

The cell's machine and that of its sham run get it before anybody looks, as if it were in their image.
"""

import os
import shutil
from pathlib import Path

import pytest

from harness.machines.provider import Machine
from harness.machines.wine.provider import WineProvider
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec
from tests.integration.wine.client import Client

PROGRAM = "BVT_TEST_NOISE"
"""The variable that names the service's program."""
INSTALLED = (
    "copy D:\\noise.exe C:\\windows\\noise.exe",
    "sc create Telemetry binPath= C:\\windows\\noise.exe start= auto",
    "sc start Telemetry",
)
create = WineProvider.create


def create_noisy(self: WineProvider, spec: MachineSpec, deadline: Deadline) -> Machine:
    shutil.copy(os.environ[PROGRAM], Path(spec.media) / "noise.exe")
    machine = create(self, spec, deadline)
    client = Client(machine.winrm)
    for command in INSTALLED:
        code, said = client.run(command)
        assert code == 0, said
    Deadline.after(30).poll(lambda: client.run("sc query Telemetry")[1].count("RUNNING") == 1, "the noise")
    return machine


def pytest_configure(config: pytest.Config) -> None:
    WineProvider.create = create_noisy  # type: ignore[method-assign]
