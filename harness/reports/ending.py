"""The last lines of a run's output: verdict, first causes, page, how to reproduce it. Bounded. Pure."""

import shlex
from collections.abc import Iterable
from pathlib import PurePath

from harness.model.gate import Gate, Reason, Verdict
from harness.model.plural import plural
from harness.reports.facts import verdict_words
from harness.reports.gathering import Gathered, gathered
from harness.reports.waived import weight_words
from harness.reports.words import one_line

CAUSES = 6
"""First causes shown before the rest is only counted."""
LENGTH = 400
"""Characters of a cause; the page has all of it."""


def first_causes(reasons: Iterable[Reason]) -> tuple[Gathered, ...]:
    """The first reason of each cell, cells that share one gathered; what is the whole run's reason counts as a cell's.

    Reasons come the worst first and then in the order of time, so the first of a cell is its cause.
    """
    firsts: dict[str, Reason] = {}
    for reason in reasons:
        if reason.verdict is not Verdict.PASS:
            firsts.setdefault(reason.cell, reason)
    return gathered(firsts.values())


def ending_text(gate: Gate, *, page: PurePath, run: PurePath) -> str:
    """The block that a terminal ends with. `page`, `run`: as the user would write them from here."""
    causes = first_causes(gate.reasons)
    lines = [verdict_words(gate)]
    for each in causes[:CAUSES]:
        weight = weight_words(each.reason)
        follows = f" {each.follows_words[:1].upper()}{each.follows_words[1:]}." if each.follows else ""
        place = f"{each.where}: " if each.where else ""
        text = shortened(one_line(f"{place}{each.reason.text}"))
        lines.append(f"  {each.reason.verdict.value}{weight} {text}{one_line(follows)}")
    if len(causes) > CAUSES:
        lines.append(f"  … and {plural(len(causes) - CAUSES, 'more first cause')}")
    lines.append(f"page: {page}")
    if repro := repro_of(gate, run):
        lines.append(f"reproduce: {repro}")
    return "\n".join(lines) + "\n"


def repro_of(gate: Gate, run: PurePath) -> str:
    """The command that repeats the first failure; empty where no check failed."""
    for reason in gate.reasons:
        if line := repro_line(reason, run):
            return line
    return ""


def repro_line(reason: Reason, run: PurePath) -> str:
    """The command that repeats a cell up to this failed check; empty for any other reason."""
    if reason.verdict is not Verdict.FAIL or not reason.cell or not reason.check:
        return ""
    return f"bvt repro {shlex.quote(str(run))} --cell {shlex.quote(reason.cell)} --check {reason.check}"


def shortened(text: str) -> str:
    """`text`, or its beginning."""
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…"
