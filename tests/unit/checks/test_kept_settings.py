"""What customers set: written with its type, read back as they wrote it, and on a service left to one check."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from harness.cell.session import CellSession
from harness.checks.kept_settings import assert_kept
from harness.checks.test_install_services import test_service_start_type as start_type
from harness.guest.registry_tree import RegistryType, RegistryValue
from harness.lifecycle.settings import set_on_service
from harness.lifecycle.timeline import Timeline
from harness.model.profile.installer import Setting, Upgrade
from tests.unit.cell.stand_ins import PROFILE

SERVICES = "HKLM\\SYSTEM\\CurrentControlSet\\Services"
DELAYED = Setting(key=f"{SERVICES}\\Agent", name="DelayedAutostart", value="1", type="REG_DWORD")
RECOVERY = Setting(key=f"{SERVICES}\\Agent", name="FailureActions", value="80AB", type="REG_BINARY")
LEVEL = Setting(key="HKLM\\Software\\Agent", name="Level", value="verbose")
STORED = {
    "DelayedAutostart": RegistryValue("DelayedAutostart", RegistryType.DWORD, b"\x01\0\0\0"),
    "FailureActions": RegistryValue("FailureActions", RegistryType.BINARY, b"\x80\xab"),
    "Level": RegistryValue("Level", RegistryType.SZ, "verbose\0".encode("utf-16-le")),
}


def cell(stored: dict[str, RegistryValue], *settings: Setting) -> CellSession:
    profile = PROFILE.model_copy(update={"upgrade": Upgrade(settings=settings)})
    tree = SimpleNamespace(value=lambda _, name: stored.get(name))
    registry = SimpleNamespace(export=lambda _: tree)
    return cast(CellSession, SimpleNamespace(profile=profile, guest=SimpleNamespace(registry=registry)))


def timeline(**more: Any) -> Timeline:
    earlier = SimpleNamespace(services=frozenset({"agent"}))
    return cast(
        Timeline, SimpleNamespace(installation=None, **{"arrival": SimpleNamespace(earlier=earlier)} | more)
    )


def test_each_type_is_read_as_it_was_written() -> None:
    assert_kept(cell(STORED, DELAYED, RECOVERY, LEVEL), timeline(), "upgrade")


def test_all_that_is_lost_is_named_at_once() -> None:
    with pytest.raises(AssertionError, match=r"DelayedAutostart.*FailureActions.*it is gone"):
        assert_kept(cell({"Level": STORED["Level"]}, DELAYED, RECOVERY, LEVEL), timeline(), "upgrade")


def test_what_was_set_on_a_service_goes_with_it_in_a_repair() -> None:
    assert_kept(cell({"Level": STORED["Level"]}, DELAYED, RECOVERY, LEVEL), timeline(), "repair")
    with pytest.raises(AssertionError, match="Level"):
        assert_kept(cell({}, DELAYED, RECOVERY, LEVEL), timeline(), "repair")


def test_nothing_is_kept_on_a_service_that_the_earlier_release_did_not_have() -> None:
    none = timeline(arrival=SimpleNamespace(earlier=SimpleNamespace(services=frozenset())))
    assert_kept(cell({"Level": STORED["Level"]}, DELAYED, RECOVERY, LEVEL), none, "upgrade")


@pytest.mark.parametrize(
    ("kind", "value"), [("REG_DWORD", "one"), ("REG_DWORD", "-1"), ("REG_BINARY", "8"), ("REG_BINARY", "xy")]
)
def test_a_value_that_its_type_does_not_have_is_refused(kind: str, value: str) -> None:
    with pytest.raises(ValidationError, match=f"no value of type {kind}"):
        Setting.model_validate({"key": DELAYED.key, "name": "x", "value": value, "type": kind})


def test_only_a_services_own_key_is_its_setting() -> None:
    below = Setting(key=f"{SERVICES}\\Agent\\Parameters", name="Port", value="1")
    profile = PROFILE.model_copy(update={"upgrade": Upgrade(settings=(DELAYED, below, LEVEL))})
    assert set_on_service(profile, "AGENT") == {"delayedautostart"}
    assert set_on_service(profile, "Other") == set()


def test_what_customers_set_is_not_held_against_the_declared_start_type() -> None:
    """They set it on the earlier release: what the profile declares is of a clean installation."""
    name = PROFILE.services[0].name
    set_it = Setting(key=f"{SERVICES}\\{name}", name="Start", value="3", type="REG_DWORD")
    profile = PROFILE.model_copy(update={"upgrade": Upgrade(settings=(set_it,))})
    on_demand = SimpleNamespace(registry=SimpleNamespace(start=3), manager=None)

    def seen(earlier: object) -> Timeline:
        session = SimpleNamespace(profile=profile)
        looked = SimpleNamespace(service=lambda _: on_demand)
        return timeline(arrival=SimpleNamespace(earlier=earlier), session=session, inspection=looked)

    upgraded = cast(CellSession, SimpleNamespace(profile=profile))
    start_type(upgraded, seen(SimpleNamespace(services=frozenset({name.lower()}))))
    with pytest.raises(AssertionError, match="start type 3"):
        start_type(upgraded, seen(None))
