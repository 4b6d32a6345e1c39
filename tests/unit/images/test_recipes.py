from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.documents.yaml_document import Document
from harness.images.recipe import WindowsRecipe, load_windows, resolve, template_directory
from harness.machines.libvirt.image.manifest import Firmware
from harness.machines.libvirt.image.recipe import RECIPES
from harness.model.errors import ConfigurationError
from tests.unit.images.samples import NAMES, recipe

MATRIX = yaml.safe_load((Path(__file__).parents[3] / "matrix.yaml").read_text())
GROUPS = yaml.safe_load((template_directory() / "surface.yaml").read_text())
EXPECTED = {
    "win10-22h2": 19045,
    "win11-23h2": 22631,
    "win11-24h2": 26100,
    "win11-25h2": 26200,
    "server-2016": 14393,
    "server-2019": 17763,
    "server-2022": 20348,
    "server-2025": 26100,
    "win81": 9600,
    "server-2012-r2": 9600,
    "win7-sp1": 7601,
}


def document(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((RECIPES / name / "recipe.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_there_is_a_recipe_for_each_supported_windows() -> None:
    assert {name: recipe(name).build for name in NAMES} == EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_named_like_its_folder(name: str) -> None:
    assert recipe(name).name == name


@pytest.mark.parametrize("name", sorted(set(MATRIX["images"]) & set(EXPECTED)))
def test_a_recipe_installs_what_the_matrix_says_of_its_image(name: str) -> None:
    version = recipe(name).version.model_dump(mode="json")
    wanted = {key: value for key, value in MATRIX["images"][name].items() if key != "legacy"}
    assert {key: version[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", ["win81", "server-2012-r2"])
def test_windows_of_2013_stands_on_its_own_drivers(name: str) -> None:
    """Current virtio ISOs have only test-signed ones; what remains is the guest agent's channel."""
    assert recipe(name).disk_bus == "sata"
    assert [driver.name for driver in recipe(name).drivers if not driver.optional] == ["vioserial"]


@pytest.mark.parametrize("name", NAMES)
def test_every_image_reports_its_crash_to_the_hypervisor(name: str) -> None:
    assert recipe(name).hardware.panic_model == "hyperv"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("win11")])
def test_windows_11_gets_secure_boot_and_a_tpm(name: str) -> None:
    assert recipe(name).firmware is Firmware.UEFI_SECURE
    assert recipe(name).tpm


def resolved(changed: dict[str, Any]) -> WindowsRecipe:
    return resolve(Document("recipe.yaml", yaml.safe_dump(changed)), GROUPS)


def test_a_mistake_in_a_recipe_has_its_line() -> None:
    text = yaml.safe_dump(document("win10-22h2"), sort_keys=False) + "disk_gb_: 3\n"
    with pytest.raises(ConfigurationError) as caught:
        resolve(Document("recipe.yaml", text), GROUPS)
    assert caught.value.line == text.count("\n")
    assert "Did you mean 'disk_gb'?" in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_editions_are_installed_without_a_key(name: str) -> None:
    for edition, detail in recipe(name).editions.items():
        assert (detail.setup_key is None) == edition.endswith("-eval")


def test_digests_of_recipes_differ() -> None:
    assert len({recipe(name).digest for name in NAMES}) == len(NAMES)


def test_a_changed_recipe_has_another_digest() -> None:
    changed = document("win10-22h2") | {"disk_gb": 99}
    assert resolved(changed).digest != recipe("win10-22h2").digest


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("win11-24h2", {"tpm": False}, "TPM 2.0"),
        ("win11-23h2", {"firmware": "uefi"}, "Secure Boot"),
        ("win11-23h2", {"machine": "pc"}, "q35"),
        ("win10-22h2", {"default_edition": "home"}, "not among the editions"),
        ("win10-22h2", {"disk_bus": "sata"}, "virtio disk needs a driver"),
        ("win10-22h2", {"firmware": "kernel"}, "BIOS or UEFI"),
        ("win10-22h2", {"computer_name": "A-NAME-TOO-LONG-FOR-NETBIOS"}, "computer_name"),
        ("win10-22h2", {"surface": ["nothing-of-the-kind"]}, "no group of changes"),
        ("win10-22h2", {"colour": "blue"}, "colour"),
        ("win10-22h2", {"surface_changes": [{"what": "A change", "why": "none"}]}, "value"),
    ],
)
def test_an_incoherent_recipe_is_refused(name: str, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        resolved(document(name) | change)


def test_new_setup_is_not_trusted_with_storage_drivers() -> None:
    drivers = document("win11-23h2")["drivers"]
    with pytest.raises(ConfigurationError, match="use disk_bus sata"):
        resolved(document("win11-24h2") | {"disk_bus": "virtio", "drivers": drivers})


def test_an_unknown_edition_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="pro, pro-retail, enterprise, enterprise-eval"):
        recipe("win10-22h2").edition("home")


def test_an_unknown_recipe_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no image recipe"):
        load_windows("windows-95")
