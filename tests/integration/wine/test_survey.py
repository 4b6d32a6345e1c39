"""What each Wine shows of a Windows, measured and compared with what the harness believes (harness.model.substrate).

A new Wine is a line in `SHOWN_BY_WINE`, with what this test finds. Whatever it shows that an older one does not is news.
"""

import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.reference_agent.build import build
from harness.machines.wine.compiler import COMPILER
from harness.machines.wine.machine import WineMachine
from harness.model.deadline import Deadline
from harness.model.substrate import LIMITS, SHOWN_BY_WINE, Capability, GuestSystem
from harness.model.system_programs import LACKS
from harness.state import StateDirectory
from tests.integration.wine.client import Client
from tests.integration.wine.conftest import MakeMachine, wine_provider

pytestmark = [pytest.mark.wine, pytest.mark.slow]
TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
<Triggers/><Actions><Exec><Command>C:\\windows\\system32\\cmd.exe</Command>
<Arguments>/c echo ran &gt; C:\\survey-task.txt</Arguments></Exec></Actions></Task>
"""
INSTALLED = "HKLM\\System\\CurrentControlSet\\Services\\BvtRefAgent"
PROGRAM = "C:\\Program Files\\BVT\\ReferenceAgent\\refagent.exe"
DUMPS = "HKLM\\Software\\Microsoft\\Windows\\Windows Error Reporting\\LocalDumps"


@pytest.fixture(scope="module", autouse=True)
def surveyor(media: Path) -> Iterator[None]:
    """The survey's program, two versions of an agent and a task, on the media drive."""
    source = Path(__file__).with_name("survey.c")
    argv: list[str | Path] = [
        COMPILER,
        "-municode",
        "-O2",
        "-s",
        "-Wall",
        "-Werror",
        "-o",
        media / "survey.exe",
        source,
    ]
    subprocess.run([*argv, "-ladvapi32", "-lnetapi32", "-luser32"], check=True, timeout=60)
    shutil.copy(build("1.0.0"), media / "old.msi")
    shutil.copy(build("2.0.0", frozenset({"service-does-not-start"})), media / "new.msi")
    (media / "task.xml").write_text(TASK, encoding="utf-16")
    yield
    for name in ("survey.exe", "old.msi", "new.msi", "task.xml"):
        (media / name).unlink()


@pytest.mark.parametrize("wine", ["image", "host"])
def test_what_a_wine_shows_is_what_is_believed_of_it(
    make_machine: MakeMachine, state: StateDirectory, wine: str
) -> None:
    machine = make_machine(by=wine_provider(state, wine=wine))
    version = machine.image.detail.removeprefix("wine-").partition(",")[0].partition(" ")[0]
    assert survey(machine) == SHOWN_BY_WINE[version], f"Wine {version}"


def test_programs_that_installers_call_are_lacking_as_believed(make_machine: MakeMachine) -> None:
    client = Client(make_machine().winrm)
    assert client.run("sc create BvtSentinel binPath= C:\\x.exe")[0] == 0
    answered = [lack.tried for lack in LACKS[GuestSystem.WINE] if client.run(lack.tried)[0] == 0]
    assert not answered
    assert client.run("schtasks /create /tn survey /xml D:\\task.xml")[0] == 0
    # Inno Setup and others make windows though they show none; without them they end with 1.
    assert client.run("D:\\survey.exe window")[0] == 0


def test_nothing_is_a_limit_that_every_wine_in_use_shows() -> None:
    believed = frozenset.intersection(*SHOWN_BY_WINE.values())
    assert not believed & set(LIMITS[GuestSystem.WINE])


def survey(machine: WineMachine) -> frozenset[Capability]:
    """All that the machine shows, of all that a check may ask for."""
    client = Client(machine.winrm)
    shown = set()
    if firewall(client):
        shown |= {Capability.FIREWALL, Capability.ISOLATION_ENFORCED}
    if task_runs(client):
        shown.add(Capability.TASK_EXECUTION)
    if dumps(client):
        shown.add(Capability.CRASH_DUMPS)
    shown |= msi(client)
    assert client.run("copy D:\\survey.exe C:\\survey.exe")[0] == 0
    assert client.run("C:\\survey.exe set")[0] == 0
    client.run("shutdown /r /t 0")
    Deadline.after(60).poll(lambda: machine.condition().boots == 2 and answers(machine), "the restart")
    client = Client(machine.winrm)
    code, said = client.run("C:\\survey.exe get")
    assert code == 0, said
    found = dict(re.findall(r"^(\S+) (yes|no)\r?$", said, re.MULTILINE))
    shown |= {Capability(name) for name, answer in found.items() if answer == "yes"}
    if Capability.FILE_ACLS in shown:
        shown.add(Capability.FILE_PERMISSION_EVENTS)
    return frozenset(shown)


def answers(machine: WineMachine) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((machine.winrm.host, machine.winrm.port), 5):
        return True
    return False


def firewall(client: Client) -> bool:
    client.run("netsh advfirewall firewall add rule name=survey dir=in action=block protocol=tcp localport=5")
    return "survey" in client.run("netsh advfirewall firewall show rule name=survey")[1]


def task_runs(client: Client) -> bool:
    client.run("schtasks /create /tn survey /xml D:\\task.xml")
    client.run("schtasks /run /tn survey")
    client.run("ping -n 3 127.0.0.1")
    return "ran" in client.run("type C:\\survey-task.txt")[1]


def dumps(client: Client) -> bool:
    client.run(f'reg add "{DUMPS}" /v DumpFolder /d C:\\survey-dumps /f')
    client.run("D:\\survey.exe crash")
    return client.run("dir C:\\survey-dumps\\*.dmp")[0] == 0


def msi(client: Client) -> set[Capability]:
    """An installation, and an upgrade that fails."""
    assert client.run("msiexec /i D:\\old.msi /qn")[0] == 0
    shown = set()
    if re.search(r'ImagePath\s+REG_\S+\s+"', client.run(f"reg query {INSTALLED} /v ImagePath")[1]):
        shown.add(Capability.QUOTED_IMAGE_PATH)
    assert client.run("msiexec /i D:\\new.msi /qn")[0] != 0
    if client.run(f'dir "{PROGRAM}"')[0] == 0:
        shown.add(Capability.MSI_ROLLBACK_RESTORES)
    return shown
