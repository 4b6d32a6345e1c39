"""What is told again after a restart."""

from harness.backend.interface import Event
from harness.lifecycle.restart_in_use import told_again


def row(at: float, path: str, action: str = "added") -> Event:
    return Event(cell="c", query="file_events", action=action, columns={"target_path": path}, received_at=at)


def test_a_row_from_before_that_comes_again_is_found() -> None:
    again = row(12, "C:\\x\\bvt1.txt")
    assert told_again([row(5, "C:\\x\\bvt1.txt"), again, row(13, "C:\\x\\bvt1-new.txt")], 10, "BVT1") == [
        again
    ]


def test_rows_that_repeat_before_it_or_are_not_the_harness_s_are_none() -> None:
    rows = [row(5, "C:\\bvt1"), row(6, "C:\\bvt1"), row(5, "C:\\other"), row(12, "C:\\other")]
    assert told_again(rows, 10, "bvt1") == []


def test_another_action_is_another_event() -> None:
    assert told_again([row(5, "C:\\bvt1"), row(12, "C:\\bvt1", "removed")], 10, "bvt1") == []
