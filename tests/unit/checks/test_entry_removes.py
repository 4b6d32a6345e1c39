"""Which program removes a product, by the command that its entry in Add/Remove Programs names."""

from types import SimpleNamespace
from typing import Any

import pytest

from harness.cell.check import NotApplicable
from harness.checks import test_install_entry as checks

PROGRAM = "C:\\Program Files\\Acme\\unins000.exe"


@pytest.mark.parametrize(
    "command",
    [
        "MsiExec.exe /X{11111111-2222-3333-4444-555555555555}",
        "C:\\Windows\\System32\\msiexec.exe /I {11111111-2222-3333-4444-555555555555}",
        '"%SystemRoot%\\SysWOW64\\rundll32.exe" advpack.dll,LaunchINFSection acme.inf',
        "rundll32 acme.dll,Remove",
        "%ACME_HOME%\\remove.exe",
    ],
)
def test_programs_of_the_system_are_not_looked_for(command: str) -> None:
    assert checks.may_start(command) == []


@pytest.mark.parametrize(
    "command",
    [
        f'"{PROGRAM}" /SILENT',
        f"{PROGRAM} /SILENT",
        f"{PROGRAM}",
        f"  {PROGRAM.removesuffix('.exe')} /S",
        "%ProgramFiles%\\Acme\\unins000.exe /S",
        '"C:/Program Files/Acme/unins000.exe"',
        "C:\\PROGRA~1\\Acme\\unins000.exe",
    ],
)
def test_a_program_is_found_however_it_is_written(command: str) -> None:
    checks.test_entry_removes(cell(PROGRAM), entries(command))


@pytest.mark.parametrize("quiet", [f'"{PROGRAM}" /quiet', f"{PROGRAM} /quiet"])
def test_a_program_that_is_not_there_is_named(quiet: str) -> None:
    with pytest.raises(AssertionError, match=r"none is there for .*unins000\.exe"):
        checks.test_entry_removes(cell(), entries("MsiExec.exe /X{1}", quiet))


def test_an_entry_without_a_command_promises_nothing() -> None:
    with pytest.raises(NotApplicable):
        checks.test_entry_removes(cell(), entries(None))


def cell(*there: str) -> Any:
    def files(*paths: str) -> list[Any]:
        return [SimpleNamespace(path=path, exists=path in there) for path in paths]

    return SimpleNamespace(profile=SimpleNamespace(product_name="Acme"), guest=SimpleNamespace(files=files))


def entries(command: str | None, quiet: str | None = None) -> Any:
    entry = SimpleNamespace(display_name="Acme", uninstall_string=command, quiet_uninstall_string=quiet)
    return SimpleNamespace(inspection=SimpleNamespace(entries=[entry]))


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("C:\\Program Files\\Acme\\", "C:\\Program Files\\Acme"),
        ('"C:\\Program Files\\Acme"', "C:\\Program Files\\Acme"),
        ("%ProgramFiles%\\Acme", "C:\\Program Files\\Acme"),
        ("%ACME_HOME%", ""),
        ("Acme", ""),
        ("\\\\server\\share\\Acme", ""),
        ("", ""),
    ],
)
def test_a_folder_is_found_however_it_is_written(said: str, path: str) -> None:
    assert checks.folder_of(said) == path
