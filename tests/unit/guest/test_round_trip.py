"""Several questions to the guest at once."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from harness.guest.guest import Guest
from harness.guest.round_trip import RoundTrip, trees
from harness.probe.answers.tasks import Task
from harness.probe.reading import ProbeFailed


class Answering:
    """A guest that knows some answers, and notes what it is asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[Sequence[str], ...]] = []

    def batch(self, *commands: Sequence[str], repeatable: bool) -> list[Any]:
        assert repeatable
        self.asked.append(commands)
        return [self.answers[command[-1]] for command in commands]


def tree(root: str, *paths: str, exists: bool = True) -> dict[str, Any]:
    facts = {"directory": False, "size": 0, "attributes": 0, "modified": None}
    return {"root": root, "exists": exists, "entries": [facts | {"path": path} for path in paths]}


def test_all_is_asked_in_one_round_trip_and_what_is_put_twice_once() -> None:
    guest = Answering(tasks=[], drivers=[])
    asked = RoundTrip(cast(Guest, guest), [["tasks"], ["drivers"], ["tasks"]])
    assert guest.asked == [(("tasks",), ("drivers",))]
    assert asked.read(list[Task], "tasks") == []


def test_one_questions_error_is_raised_when_its_answer_is_read() -> None:
    guest = Answering(tasks={"error": {"what": "no such service", "code": 1060}}, drivers=[])
    asked = RoundTrip(cast(Guest, guest), [["tasks"], ["drivers"]])
    assert asked.read(list[Task], "drivers") == []
    with pytest.raises(ProbeFailed, match="no such service"):
        asked.read(list[Task], "tasks")


def test_paths_below_a_folder_are_whole_and_a_missing_folder_is_not_among_them() -> None:
    guest = Answering(**{"C:\\A": tree("C:\\A", "b", "b\\c.txt"), "C:\\D": tree("C:\\D", exists=False)})
    asked = RoundTrip(cast(Guest, guest), trees("C:\\A", "C:\\D"))
    assert asked.paths("C:\\A", "C:\\D") == ["C:\\A", "C:\\A\\b", "C:\\A\\b\\c.txt"]
