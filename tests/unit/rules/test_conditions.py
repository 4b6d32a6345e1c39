"""Conditions are decided where they can be, and unknown where only an installation knows."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.rules.condition import NotACondition, decide

KNOWN = {"VersionNT": "603", "Installed": "", "REMOVE": "ALL", "NAME": "Agent", "UNSURE": None}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("VersionNT", True),
        ("Installed", False),
        ("NOT Installed", True),
        ("VersionNT >= 603", True),
        ("VersionNT >= 1000", False),
        ("VersionNT>=600 AND VersionNT<1000", True),
        ("Installed OR VersionNT >= 1000", False),
        ("Installed OR (VersionNT >= 600)", True),
        ('REMOVE="ALL" AND NOT Installed', True),
        ('REMOVE~="all"', True),
        ('REMOVE="all"', False),
        ('NAME >< "gen"', True),
        ('NAME >< "GEN"', False),
        ('NAME ~>< "GEN"', True),
        ('NAME << "Ag"', True),
        ('NAME >> "Ag"', False),
        ('NAME~>>"NT"', True),
        ('NAME ~<> "agent"', False),
        ("VersionNT >< 2", True),
        ("VersionNT >< 4", False),
        ("39518211 << 603", True),
        ("39518211 >> 3", True),
        ("VersionNT ~>= 603", True),
        ("NAME > 3", False),
        ("NAME <> 3", True),
        ("UNSURE", None),
        ("UNSURE OR VersionNT", True),
        ("UNSURE AND Installed", False),
        ("UNSURE AND VersionNT", None),
        ("NOT UNSURE", None),
        ("Nobody = 1", None),
        ("$Feature = 3", None),
        ("?Component = 2 OR Installed", None),
        ("VersionNT XOR Installed", None),
        ("NOT VersionNT64 AND Installed", False),
        ("installed or versionnt", None),  # names are case-sensitive, words are not
    ],
)
def test_a_condition(text: str, holds: bool | None) -> None:
    assert decide(text, KNOWN) is holds


@pytest.mark.parametrize("text", ["(", "VersionNT >=", "AND", "VersionNT )", '"open', "a b", "1 = = 2"])
def test_what_follows_no_syntax_is_said(text: str) -> None:
    with pytest.raises(NotACondition):
        decide(text, KNOWN)


@given(st.text())
def test_any_text_is_decided_or_refused(text: str) -> None:
    with contextlib.suppress(NotACondition):
        assert decide(text, KNOWN) in (True, False, None)


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.tuples(inner, st.sampled_from(["AND", "OR"]), inner)
    return parts.map(lambda part: f"({part[0]} {part[1]} {part[2]})")


@given(st.recursive(st.sampled_from(["VersionNT", "Installed", "UNSURE"]), joined))
def test_what_is_decided_holds_whatever_is_unknown(text: str) -> None:
    found = decide(text, KNOWN)
    for value in ("", "1"):
        if found is not None:
            assert decide(text, {**KNOWN, "UNSURE": value}) is found


@pytest.mark.parametrize("text", ["(" * 20_000, "(" * 20_000 + "A" + ")" * 20_000, "NOT (" * 20_000])
def test_brackets_without_end_are_no_condition(text: str) -> None:
    with pytest.raises(NotACondition, match="more than 100 brackets"):
        decide(text, {})


def test_long_conditions_and_numbers_are_decided_soon() -> None:
    assert decide("NOT " * 20_001 + "A", {"A": "1"}) is False
    assert decide("A AND " * 20_000 + "A", {"A": "1"}) is True
    assert decide("(" * 50 + "A" + ")" * 50, {"A": "1"}) is True
    assert decide("A = " + "9" * 5000, {"A": "9" * 5000}) is True
    assert decide("A < " + "9" * 5000, {"A": "1"}) is False  # no number that Windows Installer knows
