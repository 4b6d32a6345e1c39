"""Services find themselves in session 0, as on Windows; what a user starts is in session 1."""

import contextlib
import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.machines.provider import Machine
from harness.machines.wine.provider import WineProvider
from harness.machines.wine.template import COMPILER
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec
from tests.integration.wine.client import Client
from tests.integration.wine.conftest import VERSIONS

pytestmark = pytest.mark.wine
SERVICE = {
    "process": 0,
    "token": 0,
    "parent": 0,
    "station": "__wineservice_winstation",
    "visible": False,
    "image": "C:/windows/system32/services.exe",
}


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("who")
    source = Path(__file__).with_name("who.c")
    subprocess.run([COMPILER, "-O2", "-s", "-o", directory / "who.exe", source], check=True, timeout=60)
    return directory


def told(client: Client, command: str) -> dict[str, Any]:
    code, said = client.run(command)
    assert code == 0, said
    answer: dict[str, Any] = json.loads(said)
    return answer


def test_a_service_is_in_session_0_after_every_boot_and_a_users_program_is_not(
    provider: WineProvider, media: Path
) -> None:
    spec = MachineSpec(
        run_id="test", cell_id="sessions", image="wine", windows=VERSIONS["win11-24h2"], media=media
    )
    machine = provider.create(spec, Deadline.after(60))
    try:
        client = Client(machine.winrm)
        client.run("copy D:\\who.exe C:\\who.exe")
        client.run('sc create who binPath= "C:\\who.exe who" start= auto')
        client.run("sc start who")
        assert told(client, "type C:\\who.txt") == SERVICE
        user = told(client, "C:\\who.exe")
        assert (user["process"], user["token"], user["station"], user["visible"]) == (1, 1, "WinSta0", True)

        client.run("sc stop who & del C:\\who.txt & shutdown /r /t 1")
        Deadline.after(60).poll(lambda: machine.condition().boots == 2, "the second boot")
        after = again(machine)
        Deadline.after(60).poll(
            lambda: after.run("type C:\\who.txt")[0] == 0, "the service that starts by itself"
        )
        assert told(after, "type C:\\who.txt") == SERVICE
    finally:
        machine.destroy()


def again(machine: Machine) -> Client:
    """A new client, once the machine takes connections again."""

    def answers() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection((machine.winrm.host, machine.winrm.port), 1).close()
            return True
        return False

    Deadline.after(60).poll(answers, "the return of WinRM")
    return Client(machine.winrm)
