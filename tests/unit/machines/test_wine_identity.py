"""Registry values that make a clone a certain Windows, and a certain computer."""

from pathlib import Path

import pytest
import yaml

from harness.machines.wine_prefix.identity import (
    COMPUTER_NAME,
    CRYPTOGRAPHY,
    CURRENT_VERSION,
    PRODUCT_OPTIONS,
    WINE,
    Identity,
    system_edits,
    user_edits,
)
from harness.machines.wine_prefix.registry_text import DeleteValue, SetValue, edit, read_value
from harness.model.windows import WindowsVersion

EMPTY = b"WINE REGISTRY Version 2\n"
MATRIX = yaml.safe_load((Path(__file__).parents[3] / "matrix.yaml").read_text())
VERSIONS = {
    name: WindowsVersion(**{key: value for key, value in image.items() if key != "legacy"})
    for name, image in MATRIX["images"].items()
}


@pytest.mark.parametrize("name", VERSIONS)
def test_every_version_of_the_matrix_is_stated_in_the_registry(name: str) -> None:
    windows = VERSIONS[name]
    text = edit(EMPTY, system_edits(windows, Identity("HOST", "guid")))
    assert read_value(text, CURRENT_VERSION, "CurrentBuildNumber") == str(windows.build)
    assert read_value(text, CURRENT_VERSION, "ProductName") == windows.product_name
    assert read_value(text, PRODUCT_OPTIONS, "ProductType") == windows.product_type.value
    assert read_value(text, COMPUTER_NAME, "ComputerName") == "HOST"
    assert read_value(text, CRYPTOGRAPHY, "MachineGuid") == "guid"


def test_windows_7_has_its_service_pack_and_no_major_version_number() -> None:
    seeded = edit(EMPTY, [SetValue(CURRENT_VERSION, "CurrentMajorVersionNumber", 10)])
    text = edit(seeded, system_edits(VERSIONS["win7-sp1"], Identity("HOST", "guid")))
    assert read_value(text, CURRENT_VERSION, "CSDVersion") == "Service Pack 1"
    assert read_value(text, CURRENT_VERSION, "CurrentMajorVersionNumber") is None


def test_windows_10_loses_the_templates_service_pack() -> None:
    seeded = edit(EMPTY, [SetValue(CURRENT_VERSION, "CSDVersion", "Service Pack 1")])
    text = edit(seeded, system_edits(VERSIONS["win10-22h2"], Identity("HOST", "guid")))
    assert read_value(text, CURRENT_VERSION, "CSDVersion") is None


def test_no_winecfg_version_overrules_the_machines_own() -> None:
    assert DeleteValue(WINE, "Version") in user_edits(Identity("HOST", "guid"))


def test_host_names_fit_netbios_and_differ() -> None:
    first, second = Identity.new("bvt-0123456789"), Identity.new("bvt-9876543210")
    assert len(first.hostname) <= 15
    assert first.hostname != second.hostname
    assert first.machine_guid != second.machine_guid
