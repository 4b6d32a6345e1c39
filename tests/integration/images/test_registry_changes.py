"""The registry changes of the first-boot scripts, made by a real `reg.exe`: Wine's, over WinRM."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from winrm.protocol import Protocol

from harness.images.surface import RegistryChange, SurfaceChange, native
from harness.machines.registry import load_provider
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.state import StateDirectory
from tests.unit.images.samples import NAMES, recipe

pytestmark = pytest.mark.wine


def registry_changes() -> list[SurfaceChange]:
    """Those of all recipes, each once."""
    every = [change for name in NAMES for change in recipe(name).surface_changes]
    return list(
        {change.value: change for change in every if isinstance(change.value, RegistryChange)}.values()
    )


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Protocol]:
    """A Wine machine whose media drive holds the commands, one per line."""
    config = tmp_path / "config"
    config.mkdir()
    commands = [command for change in registry_changes() if (command := native(change))]
    lines = [f"{command.program} {command.arguments}\r\nif errorlevel 1 exit 1" for command in commands]
    (config / "changes.cmd").write_text("@echo off\r\n" + "\r\n".join(lines) + "\r\n", newline="")
    provider = load_provider(Pool(provider="wine", substrates=(Substrate.WINE,)), StateDirectory.default())
    provider.prepare("wine", lambda _: None)
    machine = provider.create(
        MachineSpec(
            run_id="test",
            cell_id="images/test",
            image="wine",
            windows=recipe("win10-22h2").version,
            media=tmp_path,
        ),
        Deadline.after(60),
    )
    try:
        access = machine.winrm
        yield Protocol(
            endpoint=access.url,
            transport="ntlm",
            username=access.username,
            password=access.password.get_secret_value(),
            ca_trust_path=str(access.ca_pem),
            read_timeout_sec=70,
            operation_timeout_sec=60,
        )
    finally:
        machine.destroy()


def test_each_registry_change_arrives_with_its_name_type_and_data(run: Protocol) -> None:
    shell = run.open_shell(codepage=65001)

    def ask(command: str) -> str:
        out, errors, code = run.get_command_output(shell, run.run_command(shell, command))
        assert code == 0, (command, out, errors)
        return str(out.decode(errors="replace"))

    ask("cmd.exe /d /c D:\\config\\changes.cmd")
    wanted: dict[str, list[RegistryChange]] = {}
    for change in registry_changes():
        assert isinstance(change.value, RegistryChange)
        wanted.setdefault(change.value.key, []).append(change.value)
    assert len(wanted) > 10
    for key, values in wanted.items():
        listing = ask(f'reg.exe query "{key}"')
        for value in values:
            name = re.escape(value.name or "(Default)")
            data = f"0x{value.data:x}" if isinstance(value.data, int) else re.escape(value.data)
            assert re.search(rf"^\s+{name}\s+{value.type.value}\s+{data}\s*$", listing, re.M | re.I), (
                value,
                listing,
            )
