"""A 32-bit agent on a Wine machine: its service, its registry and files, and what the harness's tools see of it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.model.deadline import Deadline
from tests.integration.wine.client import Client
from tests.integration.wine.conftest import MakeMachine
from tests.integration.wine.test_survey import answers

pytestmark = pytest.mark.wine
COMPILER = "i686-w64-mingw32-gcc"
PLACE = "C:\\Program Files (x86)\\Survey"


@pytest.fixture(scope="module", autouse=True)
def program(media: Path) -> Iterator[None]:
    """The survey's program, which is a service too, as a 32-bit one."""
    source = Path(__file__).with_name("survey.c")
    argv: list[str | Path] = [COMPILER, "-municode", "-O2", "-s", "-o", media / "survey32.exe", source]
    subprocess.run([*argv, "-ladvapi32", "-lnetapi32"], check=True, timeout=60)
    yield
    (media / "survey32.exe").unlink()


def test_a_32_bit_service_runs_from_its_own_program_files_also_after_a_reboot(
    make_machine: MakeMachine,
) -> None:
    machine = make_machine()
    client = Client(machine.winrm)
    client.run(f'mkdir "{PLACE}"')
    assert client.run(f'copy D:\\survey32.exe "{PLACE}\\survey.exe"')[0] == 0
    assert client.run(f'""{PLACE}\\survey.exe" set"')[0] == 0  # cmd's rule for parentheses
    # Its registry is the 32-bit view, as the tools of 64 bit see it.
    assert client.run("C:\\windows\\system32\\reg.exe query HKLM\\Software\\Wow6432Node\\Survey")[0] == 0
    assert client.run("C:\\windows\\system32\\reg.exe query HKLM\\Software\\Survey")[0] != 0
    assert client.run("C:\\windows\\syswow64\\reg.exe query HKLM\\Software\\Survey")[0] == 0
    assert running(client)
    # Wine keeps to a delayed start, by two minutes.
    key = "HKLM\\System\\CurrentControlSet\\Services\\Survey"
    assert client.run(f"reg delete {key} /v DelayedAutostart /f")[0] == 0
    client.run("shutdown /r /t 0")
    Deadline.after(60).poll(lambda: machine.condition().boots == 2 and answers(machine), "the restart")
    client = Client(machine.winrm)
    Deadline.after(60).poll(lambda: running(client), "the service after the restart", interval_s=0.5)


def test_a_32_bit_program_sees_the_files_and_variables_of_32_bit(client: Client) -> None:
    small = "C:\\windows\\syswow64\\cmd.exe /c"
    said = client.run(f"{small} set Pro")[1].lower().split("\r\n")
    assert "programfiles=c:\\program files (x86)" in said
    assert "programw6432=c:\\program files" in said
    assert "processor_architecture=x86" in said
    assert "processor_architew6432=amd64" in said
    client.run(f"{small} copy D:\\hello.txt C:\\windows\\system32\\redirected.txt")
    assert client.run("dir C:\\windows\\syswow64\\redirected.txt")[0] == 0
    assert client.run("dir C:\\windows\\system32\\redirected.txt")[0] != 0


def test_an_uninstall_entry_of_32_bit_is_one_of_the_system(client: Client) -> None:
    key = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Small"
    assert client.run(f'C:\\windows\\syswow64\\reg.exe add {key} /v DisplayName /d "Small Agent" /f')[0] == 0
    code, said = client.run("D:\\bvt-probe.exe uninstall-entries")
    assert code == 0
    assert "Small Agent" in said


def running(client: Client) -> bool:
    code, said = client.run("D:\\bvt-probe.exe services Survey")
    assert code == 0, said
    (found,) = [row for row in json.loads(said) if row["name"] == "Survey"]
    service = found["manager"]
    assert PLACE.lower() in service["image_path"].lower()
    return bool(service["pid_alive"])
