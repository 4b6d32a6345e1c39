"""What an entry of the ledger says, in words for people. Pure."""

from collections.abc import Mapping

from harness.promotion.answer import asked_words
from harness.promotion.board import Board, Line
from harness.promotion.entries import Bound, CandidateRef, Change, Founding, HealthReport, Request, Rollback


def names_in(board: Board) -> dict[str, CandidateRef]:
    """Every candidate that was asked for, by digest."""
    return {
        each.request.candidate.sha256: each.request.candidate
        for each in board.asked.values()
        if each.request.candidate
    }


def candidate_of(line: Line) -> str:
    """The digest of the candidate that an entry is about; empty if it is about none."""
    found = getattr(line.entry, "candidate", None)
    return found.sha256 if isinstance(found, CandidateRef) else str(found or "")


def told_of(line: Line, names: Mapping[str, CandidateRef]) -> str:
    """What was done, with the reason that was given."""
    reason = "" if isinstance(line.entry, Founding | HealthReport) else line.entry.reason
    return _deed(line, names) + (f": {reason}" if reason else "")


def _deed(line: Line, names: Mapping[str, CandidateRef]) -> str:
    entry = line.entry
    sha256 = candidate_of(line)
    name = str(names.get(sha256, sha256[:12]))
    match entry:
        case Founding():
            return "founded the ledger"
        case Request():
            return f"asks to {asked_words(entry)} [{line.id[:12]}]"
        case Bound():
            subject = f" {name} in tier {entry.tier}" if entry.tier else ""
            return f"{entry.action}: {entry.what.value}{subject} [{entry.request[:12]}]"
        case Rollback():
            return f"rolls {name} in tier {entry.tier} back to {entry.to[:12]}"
        case HealthReport():
            return f"reports {name} in tier {entry.tier}: {health_words(entry)}"
        case Change():
            return f"changes {entry.candidate} on {entry.hosts} hosts"
        case _:
            return f"halts {name} in tier {entry.tier}"


def health_words(report: HealthReport) -> str:
    """How hosts fare, in figures, and what the halt rule said of it."""
    harm = f"{report.crashed} crashed, {report.silent} silent, {report.uninstalled} removed it"
    answer = f"; the halt rule: {report.answer}" if report.answer else ""
    return f"{report.hosts} hosts, {report.host_hours:g} h, {harm}{answer}"
