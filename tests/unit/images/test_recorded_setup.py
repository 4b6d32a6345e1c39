"""What recipes tell Setup and the first boot, against what others state (tests/recorded/setup.yaml)."""

import inspect
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from harness.guest import power
from harness.images import installation
from harness.images.choice import choose_image
from harness.images.first_boot import first_boot_script
from harness.images.resting import PENDING_SCRIPT
from harness.images.surface import CommandChange, ServiceChange, TaskChange, WsManChange, native
from harness.images.wim import Medium, WimImage
from harness.machines.libvirt.clone.domain import DomainSpec
from harness.machines.libvirt.clone.domain_xml import domain_xml
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
    keyed = {each: edition for each, edition in recipe(name).editions.items() if edition.setup_key}
    assert keyed
    for each, edition in keyed.items():
        keys = STATED["retail_keys"] if each.endswith("-retail") else published
        assert edition.setup_key == keys[edition.edition_id]


def test_a_consumer_medium_can_be_given_its_own_kind_of_key() -> None:
    """The same image as of `pro`, by another key."""
    consumer = [name for name in NAMES if recipe(name).version.product_name.endswith(("10 Pro", "11 Pro"))]
    assert consumer
    for name in consumer:
        volume, retail = recipe(name).editions["pro"], recipe(name).editions["pro-retail"]
        assert (volume.image_name, volume.edition_id) == (retail.image_name, retail.edition_id)
        assert volume.setup_key != retail.setup_key


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


PROGRAMS = {
    (native_step.program, *native_step.arguments.split())
    for name in NAMES
    for change in recipe(name).surface_changes
    if isinstance(change.value, CommandChange) and (native_step := native(change))
}


def bare(words: Iterable[str]) -> list[str]:
    """Without what these programs do not mind: case, `.exe`, quotes, and a dash or a slash before an option."""
    return [word.lower().strip('"').removesuffix(".exe").lstrip("-/") for word in words]


@pytest.mark.parametrize("known", STATED["programs"], ids=lambda known: " ".join(known["does"][:4]))
def test_a_system_program_is_called_as_others_call_it(known: dict[str, Any]) -> None:
    """All their words stand in one of our lines, in their order; the last part of a word may be ours."""
    wanted = bare(known["does"])

    def does(line: Iterable[str]) -> bool:
        left = iter(bare(line))
        return all(any(word.startswith(each) for word in left) for each in wanted)

    assert any(does(line) for line in PROGRAMS), PROGRAMS


def test_no_system_program_is_without_a_model() -> None:
    """But two switches of `bcdedit`, which Microsoft's pages describe and nobody was found to use as here."""
    known = {bare(each["does"])[0]: True for each in STATED["programs"]}
    assert {bare(line)[0] for line in PROGRAMS} <= set(known)


def test_tasks_are_switched_off_as_others_do_and_have_the_names_that_they_know() -> None:
    known = STATED["tasks"]
    changes = [
        change
        for name in NAMES
        for change in recipe(name).surface_changes
        if isinstance(change.value, TaskChange)
        and "Defender" not in change.value.task  # of that task nobody spoke
    ]
    assert {change.value.task for change in changes if isinstance(change.value, TaskChange)} == set(
        known["names"]
    )
    for change in changes:
        step = native(change)
        assert step is not None
        left = iter(bare([step.program, *step.arguments.split()]))
        assert all(word in left for word in bare(known["does"]))


def test_services_are_configured_as_sc_wants_it() -> None:
    """Its value is an argument of its own behind the option: with none between them it is refused."""
    known = STATED["service_options"]
    lines = [
        native(change).arguments  # type: ignore[union-attr]
        for name in NAMES
        for change in recipe(name).surface_changes
        if isinstance(change.value, ServiceChange)
    ]
    script = first_boot_script(recipe("win11-24h2"), ACCOUNT, certificate(), BUILD_ID).decode("utf-8-sig")
    lines += re.findall(r"Native 'sc\.exe' '([^']*)'", script)
    assert len(lines) > len(NAMES)
    for line in lines:
        verb, _service, *options = line.replace('"', "").split()  # as the program gets them
        assert verb == "config"
        for option, value in zip(options[::2], options[1::2], strict=True):
            assert option in known["options"]
            assert value in known["start"]


def test_the_firewall_is_asked_for_a_rule_as_others_ask() -> None:
    """By the guest probe, as a stimulus; the image's own rule is among the programs above."""
    source = (ROOT / "harness" / "probe" / "changes.c").read_text("utf-8")
    text = source[source.index("int add_firewall_rule") :].partition("NULL")[0]
    left = iter(bare(re.findall(r"[\w.]+=?", text)))
    assert all(any(word == each for word in left) for each in bare(STATED["firewall_rule"]["does"]))


def test_the_automatic_logons_secret_is_forgotten_by_the_calls_that_others_make() -> None:
    known = STATED["automatic_logon"]
    source = (ROOT / "vm_images" / "_windows" / "forget-secret.cs").read_text("utf-8")
    for call in known["calls"]:
        assert re.search(rf'DllImport\("{known["library"]}"\)\][^;]*\b{call}\(', source)
    (access,) = re.findall(r"LsaOpenPolicy\(IntPtr\.Zero, ref attributes, (0x[0-9a-f]+)", source)
    assert int(access, 16) == known["access"]
    script = first_boot_script(recipe("win11-24h2"), ACCOUNT, certificate(), BUILD_ID).decode("utf-8-sig")
    assert f"Forget('{known['secret']}')" in script
    hives = yaml.safe_load((ROOT / "tests" / "recorded" / "hives.yaml").read_text("utf-8"))
    assert known["secret"] in hives["lsa_secrets"]


def test_enter_is_pressed_while_others_press_a_key() -> None:
    known = STATED["boot_prompt"]
    assert known["first_s"] >= installation.BETWEEN_KEYS_S
    assert min(installation.BOOT_PROMPT_S.values()) >= known["last_s"]


def test_a_pending_restart_is_looked_for_where_others_look() -> None:
    known, script = STATED["pending_restart"], PENDING_SCRIPT
    current = re.search(r"\$Current = 'HKLM:\\(.*)'", script)
    assert current is not None
    tested = [f"{current[1]}{below}" for below in re.findall(r"\$Current \+ '(.*?)'", script)]
    assert sorted(tested) == sorted(known["keys"])
    key, value = known["value"]
    assert f"Get-ItemProperty 'HKLM:\\{key}'" in script
    assert f".{value}" in script


def test_windows_gets_no_interface_of_hyper_v_that_others_do_not_give(tmp_path: Path) -> None:
    known = STATED["hyperv"]
    spec = DomainSpec(
        name="bvt-test",
        kvm=True,
        windows=True,
        hardware=recipe("win11-24h2").hardware,
        memory_mb=4096,
        cpus=2,
        disk=tmp_path / "disk",
        serial_log=tmp_path / "log",
    )
    root = etree.fromstring(domain_xml(spec).encode())
    given = {element.tag: element for element in root.findall("features/hyperv/*")}
    assert set(given) <= set(known["features"])
    assert {"relaxed", "vapic", "spinlocks", "vpindex", "runtime", "synic", "stimer", "frequencies"} <= set(
        given
    )
    assert given["spinlocks"].get("retries") == str(known["spinlocks"])
    timers = {timer.get("name"): timer.get("present") == "yes" for timer in root.findall("clock/timer")}
    assert known["timers"].items() <= timers.items()


def test_the_task_that_starts_installers_has_the_form_that_windows_exports() -> None:
    known = STATED["task"]
    source = (ROOT / "harness" / "probe" / "schedule.c").read_text("utf-8")
    written = "".join(
        re.findall(r'L"((?:[^"\\]|\\.)*)"', source[source.index("static const wchar_t start") :])
    )
    text = written[: written.index("</Task>") + 7].replace('\\"', '"').replace("\\r\\n", "")
    root = etree.fromstring(text.partition("?>")[2].encode())
    space = f"{{{known['namespace']}}}"
    assert (root.tag, root.get("version")) == (f"{space}Task", known["version"])

    def children(*path: str) -> list[str]:
        found = root.find("/".join([".", *(space + part for part in path)]))
        assert found is not None, path
        return [child.tag.removeprefix(space) for child in found]

    def in_order(ours: list[str], theirs: list[str]) -> bool:
        left = iter(theirs)
        return all(any(name == each for each in left) for name in ours)

    assert in_order(children(), known["parts"])
    assert in_order(children("Principals", "Principal"), known["principal"])
    assert in_order(children("Settings"), known["settings"])
    assert in_order(children("Actions", "Exec"), known["exec"])
    user = root.find(f"{space}Principals/{space}Principal/{space}UserId")
    assert user is not None
    assert user.text == known["system"]


def test_a_reboot_is_asked_for_as_others_ask() -> None:
    words = re.search(r"\[SHUTDOWN, ([^\]]*)\]", inspect.getsource(power))
    assert words is not None
    theirs = iter(STATED["reboot"]["does"])
    assert all(word.strip('" ') in theirs for word in words[1].split(","))
