"""A row that is wrong is told from one that never came."""

from harness.backend.interface import Event
from harness.backend.nearest import LONGEST, nearest

WANTED = {"pid": "7", "path": "C:\\a.exe", "cmdline": "~token"}


def row(action: str = "added", **columns: str) -> Event:
    return Event(cell="c", query="q", action=action, columns=columns, received_at=1.0)


def test_the_row_that_has_most_of_it_is_named_with_what_differs() -> None:
    rows = [row(pid="1", path="C:\\b.exe"), row(pid="7", path="c:\\A.EXE", cmdline="of another")]
    assert nearest(WANTED, "added", rows) == "cmdline='of another'"


def test_of_two_that_are_equally_near_the_one_that_says_something_is_named() -> None:
    empty, other = (
        row(pid="7", path="c:\\a.exe", cmdline=""),
        row(pid="7", path="c:\\a.exe", cmdline="of another"),
    )
    assert nearest(WANTED, "added", [empty, other]) == nearest(WANTED, "added", [other, empty])
    assert nearest(WANTED, "added", [empty, other]) == "cmdline='of another'"
    assert nearest(WANTED, "added", [empty]) == "cmdline=''"


def test_a_row_of_another_action_is_named_by_that() -> None:
    found = nearest(
        {"target_path": "C:\\f", "action": "CREATED"}, "added", [row(target_path="C:\\f", action_="")]
    )
    assert found == "action=''"
    assert nearest({"path": "C:\\f"}, "added", [row("removed", path="C:\\f")]) == "action='removed'"


def test_nothing_is_near_that_has_less_than_half_of_it() -> None:
    assert nearest(WANTED, "added", [row(pid="7")]) == ""
    assert nearest(WANTED, "added", []) == ""


def test_a_long_value_is_cut() -> None:
    found = nearest(WANTED, "added", [row(pid="7", path="C:\\a.exe", cmdline="x" * 1000)])
    assert len(found) < LONGEST + 20
