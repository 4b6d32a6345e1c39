"""The verdict in a few lines: plain text for a log, Markdown for a CI system's job summary."""

import re

from harness.model.gate import Gate, Verdict
from harness.model.plural import plural
from harness.model.report import UNPROVEN, Outcome
from harness.reports.excused import excused_lines
from harness.reports.facts import cell_facts, outcome_counts, unproven, verdict_words
from harness.reports.gathering import Gathered, gathered
from harness.reports.notices import NOTICES
from harness.reports.untested import not_tested_line
from harness.reports.waived import debt_lines, weight_words
from harness.reports.words import MEANINGS, WORDS, one_line, seconds

SHOWN = 20
"""Reasons listed before the summary points to the page."""


def summary_text(gate: Gate) -> str:
    """The end of a run's output: verdict, notice, reasons, counts. Ends with a newline."""
    candidate = gate.plan.candidate
    lines = [f"{verdict_words(gate)}  {one_line(candidate.product_name)} {one_line(candidate.version)}"]
    lines.append(MEANINGS[gate.verdict])
    lines += [line for line in (one_line(not_tested_line(gate)),) if line]
    lines += [notice(gate) for notice in NOTICES if notice(gate)]
    reasons = gathered(gate.reasons)
    for each in reasons[:SHOWN]:
        weight = weight_words(each.reason)
        place = f"{each.where}: " if each.where else ""
        follows = f" ({each.follows_words})" if each.follows else ""
        lines.append(
            f"  {each.reason.verdict.value}{weight}: {one_line(f'{place}{each.reason.text}{follows}')}"
        )
    lines += _rest(len(reasons))
    lines += [f"To pass: {remedy}" for remedy in _remedies(gate)]
    lines += [one_line(line) for line in (*debt_lines(gate.waivers), *excused_lines(gate))]
    lines.append(_counts(gate))
    return "\n".join(lines) + "\n"


def summary_markdown(gate: Gate) -> str:
    """For a job summary page. Every value that comes from outside is escaped."""
    candidate = gate.plan.candidate
    lines = [
        f"## {_escape(verdict_words(gate))}: {_escape(candidate.product_name)} {_escape(candidate.version)}",
        "",
    ]
    lines += [f"{MEANINGS[gate.verdict]} Exit code {gate.verdict.exit_code}.", ""]
    untested = not_tested_line(gate)
    lines += [f"> {_escape(untested)}", ""] if untested else []
    for notice in filter(None, (notice(gate) for notice in NOTICES)):
        lines += [f"> **{notice}**", ""]
    reasons = gathered(gate.reasons)
    lines += [_markdown_reason(each) for each in reasons[:SHOWN]]
    lines += [f"- {line.strip()}" for line in _rest(len(reasons))]
    lines += ["", *(f"To pass: {_escape(remedy)}" for remedy in _remedies(gate)), ""]
    lines += [
        line for text in (*debt_lines(gate.waivers), *excused_lines(gate)) for line in (_escape(text), "")
    ]
    lines += [
        "| cell | needed | ran on | passed | failed | not tested | not applicable | time | verdict |",
        "|" + "---|" * 9,
    ]
    for item in cell_facts(gate):
        outcomes = [check.outcome for check in item.report.checks] if item.report else []
        shown = (Outcome.PASSED, Outcome.FAILED, *UNPROVEN)
        columns = [_escape(item.cell.id), item.cell.requirement.value, item.substrate]
        columns += [str(outcomes.count(outcome)) for outcome in shown]
        columns += [seconds(item.duration_s) if item.report else "", item.verdict.verdict.value]
        lines.append(f"| {' | '.join(columns)} |")
    lines += ["", _counts(gate), "", f"SHA-256 of the candidate: `{candidate.sha256}`"]
    return "\n".join(lines) + "\n"


def _markdown_reason(each: Gathered) -> str:
    reason, place = each.reason, f"`{_code(each.where)}`" if each.where else ""
    weight = _escape(weight_words(reason))
    text = f"- **{reason.verdict.value}**{weight and f' {weight}'} {place} {_escape(reason.text)}".replace(
        "  ", " "
    )
    if not each.follows:
        return text
    names = ", ".join(f"`{_code(item.check)}`" for item in each.follows)
    return f"{text} *{_escape(each.follows_words)}:* {names}"


def _rest(count: int) -> list[str]:
    more = count - SHOWN
    return [f"  … and {plural(more, 'more reason')}; see gate.html."] if more > 0 else []


def _remedies(gate: Gate) -> list[str]:
    counted = [
        reason.remedy for reason in gate.reasons if reason.counted and reason.verdict is not Verdict.PASS
    ]
    return list(dict.fromkeys(remedy for remedy in counted if remedy))


def _counts(gate: Gate) -> str:
    counts = outcome_counts(gate)
    required = [entry for entry in gate.cells if entry.required]
    passed = sum(entry.verdict is Verdict.PASS for entry in required)
    without = ", ".join(
        f"{counts[outcome]} {WORDS[outcome]} ({_kinds(gate, outcome)})" for outcome in UNPROVEN
    )
    return (
        f"{passed} of {plural(len(required), 'required cell')} passed; "
        f"checks: {counts[Outcome.PASSED]} passed, {counts[Outcome.FAILED]} failed, "
        f"{counts[Outcome.BLOCKED]} blocked, {counts[Outcome.INFRA]} lost to the lab, "
        f"{without}; "
        f"{seconds(gate.duration_s)} of working time."
    )


def _kinds(gate: Gate, outcome: Outcome) -> str:
    return plural(len({item.check for item in unproven(gate, outcome)}), "different check")


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&@:])", r"\\\1", one_line(text))


def _code(text: str) -> str:
    return one_line(text).replace("`", "'")
