"""`bvt status`, `history` and `explain`: who is where, what happened, and what is missing."""

import json
from typing import Annotated, Any

import typer

from harness.cli.ending import ends
from harness.cli.ledger_options import JsonOption, LedgerOption
from harness.cli.promotion_options import promotion_at
from harness.model.gate import EXIT_CODES, Verdict
from harness.model.inventory import novelty_words
from harness.promotion.answer import asked_words, denied, remedies
from harness.promotion.board import Asked, Board, Line, Placement, State
from harness.promotion.entries import CandidateRef, shown
from harness.promotion.returning import returns
from harness.promotion.service import now
from harness.promotion.telling import candidate_of, health_words, names_in, told_of
from harness.promotion.waiting import waits


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, history, explain):
        app.command(command.__name__)(ends(command))


def status(ledger: LedgerOption = None, as_json: JsonOption = False) -> int:
    """List every tier with its candidates, and every open request with what it waits for.

    Exit 5 if a gate of something that is out does not verify any more.
    """
    promotion = promotion_at(ledger)
    board = promotion.board()
    broken = promotion.broken_gates()
    requests = [each for each in board.asked.values() if each.state is State.OPEN]
    if as_json:
        document = {
            "tiers": [
                {"name": tier.name, "candidates": [_place(each) for each in board.in_tier(tier.name)]}
                for tier in board.rules.tiers
            ],
            "requests": [_open(board, each) for each in requests],
            "broken_gates": broken,
            "ignored": [{"number": each.number, "why": each.why} for each in board.ignored],
        }
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for line in _status_lines(board, requests, broken):
            typer.echo(line)
    return EXIT_CODES[Verdict.INVALID] if broken else 0


def _status_lines(board: Board, requests: list[Asked], broken: list[str]) -> list[str]:
    lines = []
    for tier in board.rules.tiers:
        lines.append(tier.name + (" (opt-in)" if tier.opt_in else ""))
        there = board.in_tier(tier.name)
        lines += [f"  {_placed(each)}" for each in there] or ["  nothing yet"]
    for each in requests:
        lines.append(f"open {each.id[:12]}: {asked_words(each.request)}, by {each.request.by}")
        lines += [f"  {wait.text}" for wait in waits(board, each, now())] or [
            "  nothing is missing: ask again"
        ]
    lines += [f"BROKEN GATE: {each}" for each in broken]
    lines += [f"entry {each.number} counts for nothing: {each.why}" for each in board.ignored]
    return lines


def _placed(placement: Placement) -> str:
    state = f"{placement.percent:g} % since {shown(placement.step_since)}"
    if placement.returned_to:
        state = f"rolled back to {placement.returned_to[:12]}"
    elif placement.halted:
        why = f": {placement.halted.reason}" if placement.halted.reason else ""
        state = f"HALTED by {placement.halted.by} at {shown(placement.halted.at)}{why}"
    elif placement.health:
        state += f"; {health_words(placement.health)}"
    return f"{placement.candidate}  {state}"


def _place(placement: Placement) -> dict[str, Any]:
    return {
        "candidate": placement.candidate.model_dump(mode="json"),
        "since": placement.since.isoformat(),
        "percent": placement.percent,
        "step_since": placement.step_since.isoformat(),
        "live": placement.live,
        "returned_to": placement.returned_to or None,
        "health": placement.health.model_dump(mode="json") if placement.health else None,
    }


def _open(board: Board, asked: Asked) -> dict[str, Any]:
    return {
        "id": asked.id,
        "what": asked.request.what.value,
        "tier": asked.request.tier,
        "by": asked.request.by,
        "approvals": sorted(asked.approvals),
        "novelty": asked.novelty.model_dump(mode="json") if asked.novelty else None,
        "waits": denied(waits(board, asked, now())),
    }


def history(
    ledger: LedgerOption = None,
    candidate: Annotated[
        str, typer.Option("--candidate", help="Only of this version or SHA-256.", show_default=False)
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """List every valid entry, oldest first: number, time, who, what. `bvt ledger prove` takes these numbers."""
    board = promotion_at(ledger).board()
    versions = names_in(board)
    lines = [line for line in board.lines if not candidate or _is_about(line, candidate, versions)]
    if as_json:
        document = [
            {"number": line.number, "id": line.id, **line.entry.model_dump(mode="json")} for line in lines
        ]
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return
    for line in lines:
        entry = line.entry
        typer.echo(f"{line.number:>5}  {shown(entry.at)}  {entry.by}  {told_of(line, versions)}")


def _is_about(line: Line, name: str, versions: dict[str, CandidateRef]) -> bool:
    sha256 = candidate_of(line)
    known = versions.get(sha256)
    return bool(sha256) and (sha256.startswith(name) or (known is not None and known.version == name))


def explain(
    candidate: Annotated[
        str, typer.Argument(help="Version, or the first characters of the SHA-256.", show_default=False)
    ],
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Explain why CANDIDATE is in no later tier, what is missing, and whether there is a way back. Exit 3: it waits."""
    promotion = promotion_at(ledger)
    board = promotion.board()
    lines: list[str] = []
    documents: list[dict[str, Any]] = []
    waiting = False
    for asked in board.asked.values():
        ref = asked.request.candidate
        if ref is None or not (ref.version == candidate or ref.sha256.startswith(candidate)):
            continue
        if asked.state is State.OPEN:
            found = waits(board, asked, now())
            waiting = waiting or bool(found)
            lines.append(f"open {asked.id[:12]}: {asked_words(asked.request)}")
            if asked.novelty and (words := novelty_words(asked.novelty)):
                lines.append(f"  {words}")
            lines += [f"  {each.text}" for each in found] or ["  nothing is missing: ask again"]
            documents.append(_open(board, asked))
        elif asked.rejection:
            why = f": {asked.rejection.reason}" if asked.rejection.reason else ""
            lines.append(f"rejected by {asked.rejection.by}{why}: {asked_words(asked.request)}")
    for tier in board.rules.tiers:
        for placement in board.in_tier(tier.name):
            if placement.candidate.version != candidate and not placement.candidate.sha256.startswith(
                candidate
            ):
                continue
            lines.append(f"in tier {tier.name}: {_placed(placement)}")
            ways = returns(board, placement)
            lacking = [] if ways else promotion.why_no_way(board, placement)
            lines += [f"  way back: {each.candidate}" for each in ways]
            lines += [f"  {'' if number else 'way back: '}{each.text}" for number, each in enumerate(lacking)]
            lines += remedies(lacking[1:])
            documents.append(
                _place(placement)
                | {"ways_back": [each.candidate.sha256 for each in ways], "no_way_back": denied(lacking)}
            )
    if not lines:
        lines = [f"Nothing was ever asked for {candidate}. Begin with: bvt promote"]
    if as_json:
        typer.echo(json.dumps(documents, indent=1, ensure_ascii=False))
    else:
        for line in lines:
            typer.echo(line)
    return EXIT_CODES[Verdict.INCOMPLETE] if waiting or not documents else 0
