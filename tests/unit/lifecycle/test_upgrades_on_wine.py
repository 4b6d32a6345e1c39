"""On Wine a release that is replaced is told so, and the choice of features goes on, as with Windows Installer."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.candidate.msi_tables import Tables
from harness.lifecycle.upgrades_on_wine import (
    TOLD,
    asks_for_it,
    features_migrated,
    migrated,
    told_of_its_upgrade,
)
from harness.model.errors import GuestFault

OLD, NEW = "{OLD}", "{NEW}"
BY: Any = SimpleNamespace(product_code=NEW)
CLEANS_UP = {"Action": "Wipe", "Condition": f'REMOVE="ALL" AND NOT {TOLD}', "Sequence": "3430"}
MIGRATES = {"Action": "MigrateFeatureStates", "Condition": "", "Sequence": "1200"}


def package(code: str = OLD, *actions: Any, features: str = "", attributes: str = "1", **more: str) -> Tables:
    """`features`: `Name:level`, with spaces between."""
    pairs = (each.split(":") for each in features.split())
    properties = {"ProductCode": code, "UpgradeCode": "{FAMILY}", **more}
    return {
        "Property": tuple({"Property": name, "Value": value} for name, value in properties.items()),
        "InstallExecuteSequence": tuple(actions),
        "Feature": tuple({"Feature": name, "Level": level} for name, level in pairs),
        "Upgrade": ({"UpgradeCode": "{family}", "Attributes": attributes},),
    }


class Session:
    """Notes what the probe is asked and what is put on record."""

    def __init__(self, gone: bool = False, refused: int | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.excused: list[str] = []
        self.guest = SimpleNamespace(probe=self.probe)
        self.gone, self.refused = gone, refused

    def probe(self, *words: str) -> None:
        self.asked.append(words)
        if self.refused is not None:
            raise GuestFault("MsiGetProductInfo", code=self.refused)
        if self.gone and len(words) == 3:
            raise GuestFault("no such product")

    def excuse(self, what: str, why: str, **_: object) -> None:
        assert "Windows Installer" in why
        self.excused.append(what)


def told(session: Session, older: Tables, by: Any = BY) -> Any:
    return told_of_its_upgrade(cast(Any, session), older, by)


@pytest.mark.parametrize("gone", [True, False])
def test_one_that_asks_for_it_finds_it_and_knows_nothing_of_it_afterwards(gone: bool) -> None:
    session = Session(gone)
    with told(session, package(OLD, CLEANS_UP)):
        assert session.asked == [("set-property", OLD, TOLD, NEW)]
    assert session.asked[1:] == [("set-property", OLD, TOLD)]
    assert session.excused == [f"{TOLD} of the release before"]


def test_one_whose_replacement_fails_knows_nothing_of_it_either() -> None:
    session = Session()
    with pytest.raises(KeyError), told(session, package(OLD, CLEANS_UP)):
        raise KeyError
    assert len(session.asked) == 2


def test_one_that_the_installer_does_not_know_is_told_nothing() -> None:
    session = Session(refused=1605)
    with told(session, package(OLD, CLEANS_UP)):
        assert session.asked == [("set-property", OLD, TOLD, NEW)]
    assert len(session.asked) == 1
    assert session.excused == []


def test_a_guest_that_does_not_answer_says_nothing_about_the_product() -> None:
    with pytest.raises(GuestFault), told(Session(refused=0), package(OLD, CLEANS_UP)):
        pytest.fail("nobody goes on")


@pytest.mark.parametrize(
    ("older", "by"),
    [
        (package(OLD, MIGRATES), BY),
        (package(NEW.lower(), CLEANS_UP), BY),
        (package("", CLEANS_UP), BY),
    ],
    ids=["asks for nothing", "a minor upgrade", "no code"],
)
def test_nobody_else_is_told_anything(older: Tables, by: Any) -> None:
    session = Session()
    with told(session, older, by):
        pass
    assert not session.asked
    assert not session.excused


def test_a_component_may_ask_for_it_too() -> None:
    component = {"Component": "Main", "Condition": f"NOT {TOLD}"}
    assert asks_for_it({"Component": (component,)})
    assert not asks_for_it({"Component": ({"Component": "Main", "Condition": ""},)})


BEFORE = package(features="Core:1 Docs:200 Tray:100")
CHOSEN = {"ADDLOCAL": "Core,Docs", "SERVER": "x"}


def test_the_choice_of_features_goes_on() -> None:
    after = package(NEW, MIGRATES, features="Core:1 Docs:200 Tray:100")
    session = Session()
    found = features_migrated(cast(Any, session), BEFORE, after, CHOSEN, {"SERVER": "y"})
    assert found == {"ADDLOCAL": "Core,Docs"}
    assert session.excused == ["ADDLOCAL of the installation before"]


def test_a_feature_that_went_is_not_asked_for_and_a_new_one_comes_by_default() -> None:
    after = package(NEW, MIGRATES, features="Core:1 Sensor:50 Extra:200 Off:0", INSTALLLEVEL="60")
    assert migrated(BEFORE, after, CHOSEN, {}) == {"ADDLOCAL": "Core,Sensor"}


def test_all_and_a_level_stay_what_they_are() -> None:
    after = package(NEW, MIGRATES, features="Core:1")
    given = {"ADDLOCAL": "ALL", "INSTALLLEVEL": "200", "REMOVE": "Docs"}
    assert migrated(BEFORE, after, given, {}) == {"ADDLOCAL": "ALL", "INSTALLLEVEL": "200"}


@pytest.mark.parametrize(
    ("after", "asked"),
    [
        (package(NEW, features="Core:1 Docs:200"), {}),
        (package(NEW, MIGRATES, features="Core:1 Docs:200", attributes="256"), {}),
        (package(NEW, MIGRATES, features="Core:1 Docs:200", UpgradeCode="{OTHER}"), {}),
        (package(NEW, MIGRATES, features="Core:1 Docs:200"), {"INSTALLLEVEL": "1"}),
    ],
    ids=["no action", "no attribute", "another family", "chosen anew"],
)
def test_what_windows_would_not_migrate_is_not_migrated(after: Tables, asked: dict[str, str]) -> None:
    if "OTHER" in str(after):
        after = {**after, "Upgrade": ({"UpgradeCode": "{other}", "Attributes": "1"},)}
    assert migrated(BEFORE, after, CHOSEN, asked) == {}
