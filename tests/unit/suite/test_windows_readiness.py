"""The counts at the top of `docs/windows-readiness.md` are those of its table."""

import re
from collections import Counter
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "windows-readiness.md"


def test_the_counts_are_those_of_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [line.split(" | ")[2] for line in text.splitlines() if line.startswith("| ")][1:]
    said = re.search(
        r"\*\*(\d+) paths .*: (\d+) recorded, (\d+) foreign program, (\d+) reviewed only\.\*\*", text
    )
    assert said is not None
    counted = Counter(rows)
    assert set(counted) <= {"recorded", "foreign program", "reviewed only"}
    assert [int(number) for number in said.groups()] == [
        len(rows),
        counted["recorded"],
        counted["foreign program"],
        counted["reviewed only"],
    ]


def test_recordings_that_are_named_as_evidence_are_there() -> None:
    named = re.findall(r"`(?:tests/recorded/)?(\w+\.yaml)`", PAGE.read_text(encoding="utf-8"))
    assert named
    for name in named:
        assert (PAGE.parents[1] / "tests" / "recorded" / name).is_file(), name
