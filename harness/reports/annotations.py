"""The reasons of a gate as annotations of a CI system, shown beside the commit.

GitHub reads workflow commands from a step's output. Source: GitHub Docs, "Workflow commands for GitHub Actions".
"""

from enum import StrEnum

from harness.model.gate import Gate, Verdict
from harness.model.plural import plural
from harness.reports.facts import verdict_words
from harness.reports.gathering import Gathered, gathered
from harness.reports.waived import weight_words

SHOWN = 9
"""GitHub takes ten of a kind from one step; the last one says how many more there are."""
LONGEST = 2000
"""Characters of one message. GitHub cuts what is longer than 4 KB, bytes that escapes make three times as long."""


class Annotations(StrEnum):
    """Which system's form."""

    NONE = "none"
    GITHUB = "github"


def github_annotations(gate: Gate) -> tuple[str, ...]:
    """One line per reason: an error for what fails the candidate or the evidence, a warning for all else."""
    reasons = [each for each in gathered(gate.reasons) if each.reason.verdict is not Verdict.PASS]
    lines = [_github(gate, each) for each in reasons[:SHOWN]]
    if len(reasons) > SHOWN:
        more = plural(len(reasons) - SHOWN, "more reason")
        lines.append(f"::warning title={_property(verdict_words(gate))}::{more}; see gate.html.")
    return tuple(lines)


def _github(gate: Gate, each: Gathered) -> str:
    reason = each.reason
    is_error = reason.counted and reason.verdict in (Verdict.FAIL, Verdict.INVALID)
    title = " ".join(filter(None, (reason.verdict.value, each.where)))
    weight = weight_words(reason)
    text = f"{gate.plan.candidate.product_name} {gate.plan.candidate.version}{weight}: {reason.text}"[
        :LONGEST
    ]
    return f"::{'error' if is_error else 'warning'} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    """A message as GitHub unescapes it; a line break in it must not begin a command of its own."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
