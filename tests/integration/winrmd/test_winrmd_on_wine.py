"""The server in front of a real Wine prefix, with the real probe as launcher."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from winrm.exceptions import WSManFaultError
from winrm.protocol import Protocol

from harness.machines.wine.clone import copy_tree
from harness.machines.wine.installation import find_wine
from harness.machines.wine.template import ensure_template
from harness.model.deadline import Deadline
from harness.probe.build import probe_exe
from harness.state import StateDirectory
from harness.winrmd.wine_locale import utf8_environment
from tests.integration.winrmd.servers import Running, Start

pytestmark = pytest.mark.wine


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a fresh prefix whose services run."""
    installed = find_wine()
    template = ensure_template(StateDirectory.default(), installed, progress=lambda _: None)
    home = tmp_path_factory.mktemp("wine")
    prefix = home / "prefix"
    copy_tree(template.prefix, prefix)
    environment = installed.environment(prefix, home)

    def call(*argv: str) -> None:
        subprocess.run(
            argv,
            env=environment,
            check=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    call(str(installed.server), "-p")
    call(str(installed.loader), "wineboot")
    yield environment
    call(str(installed.server), "-k")
    call(str(installed.server), "-w")


@pytest.fixture(params=["launcher at once", "launcher ahead"])
def machine(request: pytest.FixtureRequest, start: Start, wine: dict[str, str], tmp_path: Path) -> Running:
    probe = "\\\\?\\unix" + str(probe_exe(StateDirectory.default())).replace("/", "\\")
    executed = (wine["WINELOADER"], probe, "exec", "--result", "{result}")
    return start(
        tls=True,
        launcher=(*executed, "--", "{command}"),
        launcher_ahead=(*executed, "--ahead") if request.param == "launcher ahead" else (),
        result_dir_guest="\\\\?\\unix" + str(tmp_path).replace("/", "\\"),
        environment=wine,
        codepage_environment={65001: utf8_environment(tmp_path / "locales")},
        drives={"C:": f"{wine['WINEPREFIX']}/drive_c"},
        working_directory=f"{wine['WINEPREFIX']}/drive_c",
    )


def run(client: Protocol, shell: str, line: str) -> tuple[str, str, int]:
    command = client.run_command(shell, line)
    out, err, code = client.get_command_output(shell, command)
    client.cleanup_command(shell, command)
    return out.decode(), err.decode(), code


def processes_of(environment: dict[str, str], name: str) -> list[int]:
    """Ids of processes of this prefix whose command line holds `name`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes()
            of_prefix = environment["WINEPREFIX"].encode() in (entry / "environ").read_bytes()
        except OSError:
            continue
        if of_prefix and name.encode() in line:
            found.append(int(entry.name))
    return found


def test_windows_commands_answer_as_windows_does(machine: Running, wine: dict[str, str]) -> None:
    client = machine.protocol("basic")
    shell = client.open_shell(codepage=65001, working_directory="c:\\WINDOWS", env_vars={"NONCE": "a b"})
    assert run(client, shell, "echo äöü日本 %NONCE%& cd") == ("äöü日本 a b\r\nC:\\windows\r\n", "", 0)
    assert run(client, shell, "exit 1605")[2] == 1605
    assert run(client, shell, "exit -1073741510")[2] == 0xC000013A
    assert run(client, shell, 'echo "quoted ""text""" a^&b')[0] == '"quoted ""text""" a&b\r\n'
    command = client.run_command(shell, 'find "b"')
    client.send_command_input(shell, command, b"abc\r\nxyz\r\n", end=True)
    assert client.get_command_output(shell, command)[0].split() == [b"abc"]


def test_termination_ends_the_whole_windows_tree(machine: Running, wine: dict[str, str]) -> None:
    client = machine.protocol()
    shell = client.open_shell(codepage=65001)
    command = client.run_command(shell, "start /b ping -n 60 127.0.0.1 >nul & ping -n 61 127.0.0.1 >nul")
    Deadline.after(30).poll(lambda: len(processes_of(wine, "\0-n\x00")) >= 2, "the start of both programs")
    services = processes_of(wine, "services.exe")
    client.cleanup_command(shell, command)
    assert processes_of(wine, "ping") == []
    assert processes_of(wine, "services.exe") == services
    assert run(client, shell, "echo alive")[0] == "alive\r\n"
    with pytest.raises(WSManFaultError):
        client.get_command_output_raw(shell, command)


def test_a_background_process_does_not_hold_up_its_command(machine: Running, wine: dict[str, str]) -> None:
    client = machine.protocol()
    shell = client.open_shell(codepage=65001)
    assert run(client, shell, "start /b ping -n 600 127.0.0.1 & echo done")[2] == 0
    assert processes_of(wine, "\0600\0")  # it goes on
