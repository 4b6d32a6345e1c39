"""`docs/windows-readiness.md`: its counts are its table's, and what is known to be Windows' alone is in it."""

import re
from collections import Counter
from pathlib import Path

from harness.model.substrate import LIMITS, Capability, GuestSystem

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "windows-readiness.md"
KINDS = ("recorded", "foreign program", "reviewed only")


def table() -> list[list[str]]:
    """The rows: part, path, evidence, which."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_the_counts_are_those_of_the_table() -> None:
    said = re.search(
        r"\*\*(\d+) paths .*: (\d+) recorded, (\d+) foreign program, (\d+) reviewed only\.\*\*",
        PAGE.read_text(encoding="utf-8"),
    )
    assert said is not None
    assert all(len(row) == 4 and all(row) for row in table())
    counted = Counter(kind for _, _, kind, _ in table())
    assert set(counted) <= set(KINDS)
    assert [int(number) for number in said.groups()] == [len(table()), *(counted[kind] for kind in KINDS)]


def test_under_a_quarter_is_reviewed_only_and_the_page_says_so() -> None:
    counted = Counter(kind for _, _, kind, _ in table())
    assert counted["reviewed only"] * 4 < len(table())
    assert "Reviewed only is under a quarter" in PAGE.read_text(encoding="utf-8")


def test_no_path_is_counted_twice() -> None:
    paths = Counter(path for _, path, _, _ in table())
    assert [path for path, times in paths.items() if times > 1] == []


def test_every_capability_that_wine_lacks_is_a_path() -> None:
    """What only Windows can show is what its checks take there for the first time."""
    named = {name for _, path, _, _ in table() for name in re.findall(r"`([a-z-]+)`", path)}
    assert {need.value for need in LIMITS[GuestSystem.WINE]} <= named
    assert named & {need.value for need in Capability}


def test_recordings_that_are_named_as_evidence_are_there_and_all_are_named() -> None:
    recorded = {path.name for path in (ROOT / "tests" / "recorded").glob("*.yaml")}
    by_row = [(kind, set(re.findall(r"`(\w+\.yaml)`", which))) for _, _, kind, which in table()]
    assert set().union(*(names for _, names in by_row)) == recorded
    for kind, names in by_row:
        assert bool(names) == (kind == "recorded"), (kind, names)
    readme = (ROOT / "tests" / "recorded" / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in recorded)
