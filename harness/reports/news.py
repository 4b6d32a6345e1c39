"""What is new against an earlier gate, and since when it fails, in words. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.model.context import Age
from harness.model.difference import CheckTurn, Difference, TimeTurn, Turn
from harness.model.plural import plural

SLOWER_PERCENT = 25.0
SLOWER_S = 1.0
"""A phase is called slower when it took longer by both: less is the lab's own noise."""

TURNS = {
    Turn.NEW_FAILURE: "failing now",
    Turn.UNPROVEN: "no longer proven",
    Turn.FIXED: "fixed",
    Turn.PROVEN: "proven now",
    Turn.OTHER: "another outcome",
}


@dataclass(frozen=True)
class News:
    """The same turn of one check, and every cell in which it took it."""

    first: CheckTurn
    cells: tuple[str, ...]


def news(turns: Iterable[CheckTurn]) -> list[News]:
    """By turn and check; what is found in most cells leads its turn."""
    found: dict[tuple[Turn, str], list[CheckTurn]] = {}
    for each in turns:
        found.setdefault((each.turn, each.check), []).append(each)
    groups = [News(group[0], tuple(each.cell for each in group)) for group in found.values()]
    return sorted(groups, key=lambda each: (list(Turn).index(each.first.turn), -len(each.cells)))


def difference_line(found: Difference) -> str:
    """`2 results failing now, 1 result fixed`; or that nothing changed."""
    counts = {turn: len(found.turned(turn)) for turn in Turn}
    parts = [f"{plural(counts[turn], 'result')} {TURNS[turn]}" for turn in Turn if counts[turn]]
    parts += [f"{plural(len(found.lost), 'cell')} without a result that had one"] if found.lost else []
    parts += [f"{plural(len(found.added), 'cell')} added"] if found.added else []
    parts += [f"{plural(found.still_failing, 'result')} failing in both"] if found.still_failing else []
    return ", ".join(parts) or "no result changed"


def slower(times: Iterable[TimeTurn]) -> list[TimeTurn]:
    """The phases that took notably longer, the worst first."""
    found = [
        each for each in times if each.percent > SLOWER_PERCENT and each.after_s - each.before_s > SLOWER_S
    ]
    return sorted(found, key=lambda each: each.before_s - each.after_s)


def age_words(ages: Sequence[Age], check: str, cells: Sequence[str]) -> str:
    """`fails since 3 runs, first seen 2026-11-20 in run …`: the oldest of these cells; empty if nothing is known."""
    mine = [each for each in ages if each.check == check and each.cell in cells]
    if not mine:
        return ""
    oldest = min(mine, key=lambda each: each.since)
    if oldest.runs == 1:
        return "new in this run"
    version = f" (candidate {oldest.first_version})" if oldest.first_version else ""
    return (
        f"fails since {oldest.runs} runs, first seen {oldest.since:%Y-%m-%d %H:%M} UTC"
        f" in run {oldest.first_run}{version}"
    )
