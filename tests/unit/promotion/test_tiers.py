"""`tiers.yaml`: a mistake is one sentence with file, line and key; change windows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.errors import ConfigurationError
from harness.promotion.tiers_file import load_tiers
from harness.promotion.windows import ChangeWindow, Day, opens
from tests.unit.promotion.world import PEOPLE, TIERS, key

EXAMPLE = Path(__file__).parents[3] / "examples" / "promotion" / "tiers.yaml"


def test_the_shipped_example_has_the_fields_tiers() -> None:
    tiers, _ = load_tiers(EXAMPLE)
    assert [tier.name for tier in tiers.tiers] == ["automated", "internal", "beta", "preview", "production"]
    assert tiers.tier("production").steps[0] == 1
    assert tiers.tier("beta").opt_in
    assert (tiers.before("automated"), tiers.before("beta")) == (None, tiers.tier("internal"))


MISTAKES = [
    (
        "name: beta",
        "name: Beta",
        21,
        "tiers[1].name: expected a name of small letters, digits",
    ),
    ("name: beta", "name: internal", 21, "tiers[1].name: there are two tiers 'internal'"),
    ("opt_in: true", "opt_in: yes", 22, "opt_in: YAML reads yes as a truth value"),
    ("opt_in: true", "optin: true", 22, "tiers[1].optin: unknown key. Did you mean 'opt_in'?"),
    ("count: 2", "count: 4", 24, "4 people of role 'release-manager' must agree, and 3 have it"),
    ("role: security}", "role: securty}", 28, "nobody has the role 'securty'. Did you mean 'security'?"),
    ("[1, 5, 20, 50, 100]", "[1, 20, 5]", 29, "the steps must rise"),
    ("[1, 5, 20, 50, 100]", "[0, 5]", 29, "expected more than 0"),
    ("[1, 5, 20, 50, 100]", "[]", 29, "expected at least 1 entry"),
    ("Europe/Berlin", "Europe/Berln", 33, "there is no time zone 'Europe/Berln'"),
    ("16:00", "07:00", 33, "it must begin before it ends"),
    ("16:00", "25:00", 33, "expected a time of day, such as \"08:00\", found '25:00'."),
    (
        "[builder, release-manager]\n    soak: {hours: 24",
        "[bilder]\n    soak: {hours: 24",
        18,
        "nobody has the role 'bilder'",
    ),
    ("max_crashed: 0.01", "max_crashed: 1.5", 31, "expected at most 1"),
    ("  - {role: owner}", "  []", 12, "change_tiers"),
    (key(PEOPLE["ann"]), "nonsense", 4, "people.ann.key: this is no public key"),
    (
        key(PEOPLE["ann"]),
        key(PEOPLE["ci"]),
        4,
        "people.ann.key: ci has the same key: two people would be one",
    ),
    (
        "gates: {keys",
        "gates: {threshold: 2, keys",
        10,
        "2 keys must sign, and there are 1 different ones",
    ),
    ("schema_version: 1", "schema_version: 2", 1, "expected 1"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_one_sentence_with_its_place(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in TIERS
    path = tmp_path / "tiers.yaml"
    path.write_text(TIERS.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as found:
        load_tiers(path)
    assert words in str(found.value), str(found.value)
    assert abs((found.value.line or 0) - line) <= 1, str(found.value)


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tiers.yaml"
    path.write_bytes(b"# \n# \xff\n")
    with pytest.raises(ConfigurationError, match=r"tiers.yaml:2: the file is not UTF-8"):
        load_tiers(path)


WINDOW = ChangeWindow(days=(Day.MONDAY, Day.THURSDAY), begins="08:00", ends="16:00", zone="Europe/Berlin")


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))
def test_a_window_opens_within_a_week_and_not_before(moment: datetime) -> None:
    found = opens((WINDOW,), moment)
    assert found is not None
    assert moment <= found <= moment + timedelta(days=8)
    assert WINDOW.holds(found)
    if found != moment:
        assert not WINDOW.holds(moment)
        assert not WINDOW.holds(found - timedelta(minutes=1))


def test_without_windows_it_is_always_open() -> None:
    moment = datetime(2026, 1, 3, tzinfo=UTC)
    assert opens((), moment) == moment


def test_winter_and_summer_time_are_those_of_the_place() -> None:
    assert WINDOW.holds(datetime(2026, 1, 8, 7, 0, tzinfo=UTC))
    assert not WINDOW.holds(datetime(2026, 1, 8, 6, 59, tzinfo=UTC))
    assert WINDOW.holds(datetime(2026, 7, 9, 6, 0, tzinfo=UTC))
    assert not WINDOW.holds(datetime(2026, 7, 9, 14, 0, tzinfo=UTC))
