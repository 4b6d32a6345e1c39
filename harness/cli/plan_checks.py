"""The checks of a plan for people and for programs: which will run, which not, and why."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from harness.cli.cell_table import STYLES
from harness.model.plural import plural
from harness.planning.outlook import Prospect
from harness.reports.words import SIGNS, WORDS


def checks_table(prospects: Sequence[Prospect]) -> Table:
    """One row per check, in the order in which they run."""
    every = {scenario for each in prospects for scenario in each.scenarios}
    table = Table(box=None, header_style="dim")
    for heading in ("", "check", "what it asks", "scenarios"):
        table.add_column(heading)
    for each in prospects:
        asks = Text(each.check.title)
        if each.outcome is not None:
            asks.append(f"\n{WORDS[each.outcome]}: {each.reason}", style=STYLES[each.outcome])
        scenarios = "all" if set(each.scenarios) == every else ", ".join(each.scenarios)
        sign = Text(SIGNS[each.outcome], style=STYLES[each.outcome]) if each.outcome is not None else Text("")
        table.add_row(sign, each.check.id, asks, scenarios)
    return table


def checks_line(prospects: Sequence[Prospect]) -> str:
    """`100 checks: 61 to run, 18 not tested, 21 not applicable`."""
    counts = Counter(each.outcome for each in prospects)
    parts = [f"{counts[None]} to run"]
    parts += [f"{count} {WORDS[outcome]}" for outcome, count in counts.items() if outcome is not None]
    return f"{plural(len(prospects), 'check')}: {', '.join(parts)}"


def checks_document(prospects: Sequence[Prospect]) -> list[dict[str, Any]]:
    """The same as plain data; `outcome` is null for a check that is to be run."""
    return [
        {
            "check": each.check.id,
            "title": each.check.title,
            "phase": each.check.phase.value,
            "scenarios": list(each.scenarios),
            "outcome": each.outcome.value if each.outcome is not None else None,
            "reason": each.reason,
        }
        for each in prospects
    ]
