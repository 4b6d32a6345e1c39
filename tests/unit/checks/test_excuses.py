"""What may stay after the uninstall, and what that does not excuse."""

import pytest

from harness.checks.excuses import sort_out
from harness.model.profile.places import Keep

FOLDER = "c:\\program files\\agent"


def a_keep(path: str) -> Keep:
    return Keep.model_validate({"kind": "file", "path": path, "reason": "support asks for it"})


def test_who_may_keep_a_folder_may_keep_what_is_in_it_and_what_it_is_in() -> None:
    found = frozenset({FOLDER, f"{FOLDER}\\log", f"{FOLDER}\\log\\old", f"{FOLDER}\\log\\old\\a.log"})
    keep = a_keep("C:\\Program Files\\Agent\\Log")
    left, excused = sort_out([keep], found)
    assert left == []
    assert excused == [(keep, sorted(found - {FOLDER}))]


@pytest.mark.parametrize(
    "other", [f"{FOLDER}\\logs", f"{FOLDER}\\log.exe", f"{FOLDER}\\agent.exe", "c:\\log"]
)
def test_what_lies_beside_it_is_not_excused(other: str) -> None:
    found = frozenset({FOLDER, f"{FOLDER}\\log", other})
    assert sort_out([a_keep("C:\\Program Files\\Agent\\log")], found)[0] == [other]


def test_a_folder_that_holds_nothing_that_may_stay_is_residue() -> None:
    assert sort_out([a_keep("C:\\Program Files\\Agent\\log")], frozenset({FOLDER})) == ([FOLDER], [])


def test_a_pattern_covers_what_it_matches() -> None:
    found = frozenset({f"{FOLDER}\\a.log", f"{FOLDER}\\a.exe"})
    assert sort_out([a_keep("C:\\Program Files\\Agent\\*.log")], found)[0] == [f"{FOLDER}\\a.exe"]


def test_without_a_reason_everything_is_left() -> None:
    assert sort_out([], frozenset({"b", "a"})) == (["a", "b"], [])
