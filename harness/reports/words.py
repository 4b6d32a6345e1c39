"""The words and signs that every report uses alike."""

from harness.model.gate import Verdict
from harness.model.report import Outcome
from harness.model.substrate import Substrate

MEANINGS = {
    Verdict.PASS: "Every required cell ran where the plan asks for it, and everything that was tested passed.",
    Verdict.FAIL: "The candidate failed at least one check. It must not be promoted.",
    Verdict.INCOMPLETE: "Required results are missing: the candidate is neither proven good nor bad.",
    Verdict.INFRA: "The lab failed. This says nothing about the candidate.",
    Verdict.INVALID: "The results cannot be believed: they do not match the plan or were changed.",
    Verdict.STALE: "The gate is too old, or what it was made from has changed since.",
}

SIGNS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.BLOCKED: "◌",
    Outcome.NOT_TESTED: "\u2205",
    Outcome.NOT_APPLICABLE: "\u2013",
    Outcome.INFRA: "!",
}

VERDICT_SIGNS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.INCOMPLETE: "?",
    Verdict.INFRA: "!",
    Verdict.INVALID: "‼",
    Verdict.STALE: "~",
}

WORDS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.BLOCKED: "blocked",
    Outcome.NOT_TESTED: "not tested",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.INFRA: "lab failure",
}

SUBSTRATES = {
    Substrate.KVM: "KVM virtual machine",
    Substrate.TCG: "emulated virtual machine (TCG)",
    Substrate.WINE: "Wine",
}


def seconds(value: float) -> str:
    """A duration as people read it: `840 ms`, `12.3 s`, `4 min 05 s`."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def megabytes(size: int) -> str:
    """A size as people read it, in decimal units."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1e3:.1f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def one_line(text: str) -> str:
    """One line without control characters: a guest's message must not move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
