"""What an uninstall removes by pattern."""

from typing import Any

import pytest

from harness.candidate.msi_removals import Removal, removed_by_pattern
from harness.candidate.msi_tables import Row, Tables

DATA = "C:\\ProgramData\\Acme"
FOLDERS: tuple[Row, ...] = (
    {"Directory": "TARGETDIR", "Directory_Parent": "", "DefaultDir": "SourceDir"},
    {"Directory": "CommonAppDataFolder", "Directory_Parent": "TARGETDIR", "DefaultDir": "."},
    {"Directory": "DATA", "Directory_Parent": "CommonAppDataFolder", "DefaultDir": "Acme"},
)
COMPONENTS: tuple[Row, ...] = (
    {"Component": "Main", "Attributes": "256"},
    {"Component": "Stays", "Attributes": "272"},
)


def tables(*rows: tuple[str, str, str, str], **more: Any) -> Tables:
    """RemoveFile rows: component, name, folder, mode."""
    found = [
        {"Component_": component, "FileName": name, "DirProperty": folder, "InstallMode": mode}
        for component, name, folder, mode in rows
    ]
    return {"Directory": FOLDERS, "Component": COMPONENTS, "RemoveFile": tuple(found)} | more


def test_files_go_by_their_pattern_and_then_the_folder() -> None:
    found = tables(("Main", "", "DATA", "2"), ("Main", "LOG~1|*.log", "DATA", "3"))
    assert removed_by_pattern(found, {}) == (Removal(DATA, "*.log"), Removal(DATA))


@pytest.mark.parametrize(
    "row",
    [
        ("Main", "agent.log", "DATA", "2"),
        ("Main", "", "DATA", "2"),
        ("Main", "*", "DATA", "1"),
        ("Stays", "*", "DATA", "2"),
        ("Main", "*", "FOUND", "2"),
    ],
    ids=[
        "by its name",
        "the folder alone",
        "at the installation",
        "of what stays",
        "of a place that is not known",
    ],
)
def test_what_any_installer_does_or_nobody_knows_is_left_alone(row: tuple[str, str, str, str]) -> None:
    assert removed_by_pattern(tables(row), {}) == ()


@pytest.mark.parametrize("value", ["[DATA]", "#%[CommonAppDataFolder]Acme", "C:\\ProgramData\\Acme\\"])
def test_a_whole_folder_goes_that_the_product_wrote_down_itself(value: str) -> None:
    place = {"Root": "2", "Key": "Software\\Acme", "Name": "Data"}
    found = tables(
        WixRemoveFolderEx=({"Component_": "Main", "Property": "FOUND", "InstallMode": "2"},),
        AppSearch=({"Property": "FOUND", "Signature_": "place"},),
        RegLocator=(place | {"Signature_": "place"},),
        Registry=(place | {"Key": "SOFTWARE\\Acme", "Value": value},),
    )
    assert removed_by_pattern(found, {}) == (Removal(DATA, whole=True),)
    assert removed_by_pattern(found, {"FOUND": "D:\\Elsewhere"}) == (Removal("D:\\Elsewhere", whole=True),)


def test_what_another_product_keeps_stays() -> None:
    assert removed_by_pattern(tables(("Main", "*.log", "DATA", "2")), {}, staying={"Main"}) == ()
