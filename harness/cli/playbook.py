"""`bvt playbook`: check playbooks, and play those of a verdict on a run."""

import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.ledger_options import LedgerOption
from harness.cli.promotion_options import promotion_at
from harness.gate.artifact import read_gate
from harness.gate.ways_back import ways_back
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.model.gate import Gate, Verdict
from harness.model.inventory import novelty_words
from harness.model.plural import plural
from harness.people.destinations import Destination, load_destinations
from harness.people.playbooks import Deed, Fact, Occasion, Playbook, load_playbooks
from harness.people.playing import End, Progress, play
from harness.people.sending import Message, NotSent, send
from harness.promotion.service import Promotion
from harness.reports.facts import verdict_words
from harness.reports.gathering import gathered
from harness.reports.publish import read_context
from harness.reports.to_pass import steps

LOOK_S = 1.0
SHOWN = 8
"""Reasons that a message holds."""

BooksArgument = Annotated[Path, typer.Argument(help="playbooks.yaml", show_default=False)]
NotifyOption = Annotated[
    Path, typer.Option("--notify", help="notify.yaml: the destinations.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="playbook",
        help="What follows a verdict, a question or a halt: check, run.",
        no_args_is_help=True,
    )
    group.command("check")(ends(check))
    group.command("run")(ends(run))
    app.add_typer(group)


def check(playbooks: BooksArgument, notify: NotifyOption) -> None:
    """Read playbooks and say when each one runs. A mistake is one sentence with file, line and key."""
    for book in load_playbooks(playbooks, load_destinations(notify)):
        tiers = f" in tier {' or '.join(book.when.tiers)}" if book.when.tiers else ""
        verdicts = f" {' or '.join(book.when.verdicts)}" if book.when.verdicts else ""
        typer.echo(
            f"{book.name}: at {book.when.event.value}{verdicts}{tiers}, {plural(len(book.steps), 'step')}"
        )


def run(
    playbooks: BooksArgument,
    run: Annotated[Path, typer.Argument(help="Run directory, whose verdict it is.", show_default=False)],
    notify: NotifyOption,
    ledger: LedgerOption = None,
) -> int:
    """Run the playbooks for the verdict of a run, to their end. Exit 4 if a message could not be delivered.

    A wait ends early once the candidate is asked for in the ledger: somebody has decided.
    """
    gate = read_gate(run)
    destinations = load_destinations(notify)
    books = [book for book in load_playbooks(playbooks, destinations) if _fits(book, gate.verdict)]
    promotion = promotion_at(ledger) if any(_waits(book) for book in books) else None
    stage = VerdictStage(run, gate, {each.name: each for each in destinations}, promotion)
    untold: list[str] = []
    for book in books:
        untold += _played(book, stage)
    typer.echo(f"{verdict_words(gate)}: {plural(len(books), 'playbook')} played")
    if untold:
        raise InfrastructureError(f"Not everybody was told: {' '.join(untold)}")
    return 0


def _fits(book: Playbook, verdict: Verdict) -> bool:
    wanted = book.when
    return wanted.event is Occasion.VERDICT and (not wanted.verdicts or verdict in wanted.verdicts)


def _waits(book: Playbook) -> bool:
    return any(step.wait_hours for step in book.steps)


def _played(book: Playbook, stage: "VerdictStage") -> list[str]:
    """Play it to its end; why somebody could not be told."""
    untold: list[str] = []

    def report(event: str, **facts: object) -> None:
        if "could not" in event:
            untold.append(str(facts["reason"]))
        typer.echo(f"{event}: {', '.join(f'{name} {value}' for name, value in facts.items())}")

    pause, progress = threading.Event(), Progress(0, time.time())
    while progress.end is End.OPEN:
        kept = [progress]
        try:
            progress = play(book, stage, progress, time.time(), kept.append, report)
        except NotSent as error:
            untold.append(str(error))
            progress = Progress(kept[-1].step + 1, time.time())
        if progress.end is End.OPEN and progress.step < len(book.steps):
            pause.wait(LOOK_S)
    return untold


class VerdictStage:
    """A run's verdict, for a playbook to be played on."""

    def __init__(
        self, run: Path, gate: Gate, destinations: dict[str, Destination], promotion: Promotion | None
    ) -> None:
        self._run, self._gate, self._destinations, self._promotion = run, gate, destinations, promotion
        candidate = gate.plan.candidate
        self.title = f"{gate.verdict.value}: {candidate.product_name} {candidate.version}"
        self._before = self._requests()

    def _requests(self) -> int:
        if self._promotion is None:
            return 0
        sha256 = self._gate.plan.candidate.sha256
        asked = (each.request.candidate for each in self._promotion.board().asked.values())
        return sum(1 for each in asked if each and each.sha256 == sha256)

    def decided(self) -> bool:
        """Once the candidate was asked for, since the playbook began."""
        return self._requests() > self._before

    def lines(self, fact: Fact) -> list[str]:
        """As the run has it."""
        gate = self._gate
        match fact:
            case Fact.REASONS:
                counted = [each for each in gate.reasons if each.counted]
                found = [
                    f"{each.reason.verdict.value}: {f'{each.where}: ' if each.where else ''}{each.reason.text}"
                    for each in gathered(counted)
                ]
                return found[:SHOWN] + ([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])
            case Fact.TO_PASS:
                return [
                    f"To pass: {each.remedy} {each.command}".rstrip()
                    for each in steps(gate.reasons, self._run)
                ]
            case Fact.GATE:
                return [f"Run {gate.run_id}, suite {gate.plan.suite}, pool {gate.plan.pool}."]
            case Fact.NOVELTY:
                baseline = read_context(self._run).baseline
                return [
                    novelty_words(baseline.difference.novelty)
                    if baseline
                    else "What is new was not compared."
                ]
            case _:
                found_ways = ways_back(gate.plan, gate.cells)
                return [
                    f"{way.release.version} is {'a' if way.proven else 'no'} proven way back."
                    for way in found_ways
                ]

    def tell(self, destination: str, message: Message) -> None:
        """Send it. Raises `NotSent`."""
        send(self._destinations[destination], message)

    def act(self, deed: Deed, person: str, reason: str) -> str:
        """Nothing can be done to a verdict; `load_playbooks` says so."""
        raise ConfigurationError(f"nothing can be done to a verdict: {deed.value} {person} {reason}.")
