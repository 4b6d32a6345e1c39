"""A package that does not want to be installed says why in its author's words."""

from collections.abc import Mapping

import pytest

from harness.guest.msi.exit_codes import msi_exit
from harness.guest.msi.result import MsiResult
from harness.lifecycle.launch_conditions import with_conditions

KEY = {"Condition": 'Installed OR LICENCEKEY <> "none"', "Description": "A licence key is needed."}
TABLES = {
    "Property": ({"Property": "LICENCEKEY", "Value": "none"},),
    "LaunchCondition": (KEY, {"Condition": "VersionNT >= 600", "Description": "Windows is too old."}),
}


def failed(action: str = "LaunchConditions", words: str = "Action LaunchConditions failed") -> MsiResult:
    return MsiResult("msiexec", 1603, msi_exit(1603), "log", "excerpt", 1.0, (), words, action)


def said(given: Mapping[str, str], *rows: Mapping[str, str]) -> str:
    tables = dict(TABLES) | ({"LaunchCondition": tuple(rows)} if rows else {})
    return with_conditions(failed(), tables, given).log_words


def test_the_condition_that_does_not_hold_is_said_in_its_own_words() -> None:
    assert said({}) == (
        'Action LaunchConditions failed: A licence key is needed. (Installed OR LICENCEKEY <> "none")'
    )


@pytest.mark.parametrize(
    ("condition", "is_said"),
    [
        ("LICENCEKEY2", True),  # nobody set it
        ("FOUNDBYSEARCH", False),  # a search may have
        ("FoundAtRunTime", False),  # only an installation knows
        ("(((", True),
        ("VersionNT", False),
    ],
)
def test_what_only_an_installation_knows_is_not_blamed(condition: str, is_said: bool) -> None:
    tables = {
        "LaunchCondition": ({"Condition": condition, "Description": "No."},),
        "AppSearch": ({"Property": "FOUNDBYSEARCH", "Signature_": "x"},),
    }
    words = with_conditions(failed(), tables, {}).log_words
    assert ("No." in words) is is_said


def test_a_key_that_is_given_is_neither_missing_nor_shown() -> None:
    assert said({"LICENCEKEY": "K-0815"}) == "Action LaunchConditions failed"
    no_pattern = {"Condition": 'LICENCEKEY >< "-"', "Description": "The key is no key."}
    words = said({"LicenceKey": "K0815"}, no_pattern)
    assert "The key is no key." in words
    assert "0815" not in words


def test_another_action_and_a_log_that_tells_are_left_as_they_are() -> None:
    other = failed("StartServices", "Action StartServices failed")
    assert with_conditions(other, TABLES, {}) is other
    told = failed(words="Action LaunchConditions failed: Product: X -- A licence key is needed.")
    assert with_conditions(told, TABLES, {}) is told
