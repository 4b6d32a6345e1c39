"""What the profile leaves undeclared, in words that stand beside the verdict. Pure."""

from harness.model.gate import Gate
from harness.model.plural import plural
from harness.model.report import Outcome
from harness.reports.facts import unproven

UNDECLARED = "the profile declares no "
NAMED = 4
"""Reasons that the line names before it says how many checks more there are."""


def not_tested_line(gate: Gate) -> str:
    """`Not tested: 18 checks; the profile declares no telemetry (11), no live query (1).` Empty if all were.

    A reason that is no missing declaration, as of a scenario without check-in, is said as it is.
    """
    checks: dict[str, set[str]] = {}
    for item in unproven(gate, Outcome.NOT_TESTED):
        checks.setdefault(item.reason, set()).add(item.check)
    if not checks:
        return ""
    total = len(set().union(*checks.values()))
    ranked = sorted(checks.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    shown, later = ranked[:NAMED], ranked[NAMED:]
    declared = [
        f"{reason.removeprefix(UNDECLARED)} ({len(found)})"
        for reason, found in shown
        if reason.startswith(UNDECLARED)
    ]
    others = [f"{reason} ({len(found)})" for reason, found in shown if not reason.startswith(UNDECLARED)]
    parts = [f"{UNDECLARED}{', no '.join(declared)}"] if declared else []
    rest = sum(len(found) for _, found in later)
    more = f" and what {rest} more would look at" if rest else ""
    return f"Not tested: {plural(total, 'check')}; {'; '.join([*parts, *others])}{more}."
