"""What recipes tell Setup and the first boot, against what others state (tests/recorded/setup.yaml)."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.images.choice import choose_image
from harness.images.first_boot import first_boot_script
from harness.images.surface import WsManChange
from harness.images.wim import Medium, WimImage
from harness.model.errors import ConfigurationError
from tests.unit.images.samples import ACCOUNT, BUILD_ID, NAMES, certificate, recipe

ROOT = Path(__file__).parents[3]
STATED: dict[str, Any] = yaml.safe_load((ROOT / "tests" / "recorded" / "setup.yaml").read_text("utf-8"))
UNSEEN = {f"{driver}/{system}/amd64" for driver in ("vioserial", "fwcfg") for system in ("2k12R2", "w8.1")}
"""Folders that no recorded set-up names: Windows 8.1 and Server 2012 R2 stand on SATA and e1000e."""


@pytest.mark.parametrize("name", NAMES)
def test_the_client_keys_are_those_that_microsoft_publishes(name: str) -> None:
    product = recipe(name).version.product_name
    (published,) = [keys for title, keys in STATED["client_keys"].items() if re.match(rf"{title}\b", product)]
    keyed = [edition for edition in recipe(name).editions.values() if edition.setup_key]
    assert keyed
    for edition in keyed:
        assert edition.setup_key == published[edition.edition_id]


@pytest.mark.parametrize("name", NAMES)
def test_the_drivers_are_where_the_virtio_iso_has_them(name: str) -> None:
    folders = STATED["driver_folders"]
    known = {f"{driver}/{system}/amd64" for driver in folders["drivers"] for system in folders["systems"]}
    assert {driver.folder for driver in recipe(name).drivers} <= known | UNSEEN


def test_every_setting_of_winrm_that_is_changed_is_one_that_windows_has() -> None:
    changed = {
        change.value.path
        for name in NAMES
        for change in recipe(name).surface_changes
        if isinstance(change.value, WsManChange)
    }
    assert changed
    known = {
        f"{part}\\{setting}".lstrip("\\")
        for part, settings in STATED["winrm_settings"].items()
        for setting in settings
    }
    assert changed <= known


def test_the_first_boot_takes_for_done_what_pnputil_means_by_it() -> None:
    script = (ROOT / "vm_images" / "_windows" / "first-boot.ps1.j2").read_text("utf-8")
    (codes,) = re.findall(r"Native 'pnputil\.exe' \([^\n]*?@\(([\d, ]+)\)", script)
    assert [int(code) for code in codes.split(",")] == STATED["driver_exit_codes"]["done"]


@pytest.mark.parametrize("step", STATED["steps"], ids=lambda step: " ".join(step["does"][:2]))
@pytest.mark.parametrize("name", ["win7-sp1", "win11-24h2", "server-2022"])
def test_a_step_of_the_first_boot_is_done_as_others_do_it(name: str, step: dict[str, Any]) -> None:
    """The same words in the same order, on one line or, where it is a loop, on lines of one step."""
    script = first_boot_script(recipe(name), ACCOUNT, certificate(), BUILD_ID).decode("utf-8-sig")
    between = r"[\s\S]{0,400}?" if step.get("loop") else r"[^\n]*?"
    assert re.search(between.join(re.escape(word) for word in step["does"]), script, re.IGNORECASE)


@pytest.mark.parametrize("stated", STATED["enterprise_images"], ids=lambda stated: str(stated["source"]))
def test_a_medium_fits_its_release_and_no_other(stated: dict[str, Any]) -> None:
    image = WimImage(
        index=3,
        name="Windows 11 Enterprise",
        edition="Enterprise",
        build=stated["build"],
        revision=stated["revision"],
        architecture="amd64",
    )
    medium, fits = Medium(sha256="0" * 64, size=1, images=(image,)), []
    for name in ("win11-23h2", "win11-24h2", "win11-25h2"):
        with suppress(ConfigurationError):
            choose_image(medium, recipe(name), recipe(name).edition("enterprise"), Path("windows.iso"))
            fits.append(name)
    assert fits == stated["fits"]
