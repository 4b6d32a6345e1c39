"""The interpreter of playbooks: from where one stands to where it waits, fails to tell somebody, or ends.

What it has come to is kept after every step, so that a process that is killed goes on there. A message may come twice
then; a deed is done once, for the ledger refuses the second.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from harness.people.playbooks import Deed, Fact, Playbook, Step
from harness.people.sending import Message, NotSent

HOUR_S = 3600.0


class End(StrEnum):
    """How a playbook came to its end; or that it has not."""

    OPEN = "open"
    DECIDED = "decided"  # somebody did in time
    PLAYED = "played"  # every step was made


@dataclass(frozen=True)
class Progress:
    """Where a playbook stands. `since`: when it came to its step, in Unix time."""

    step: int
    since: float
    end: End = End.OPEN


class Stage(Protocol):
    """What a playbook is played on: one verdict, one request, one halt."""

    title: str

    def decided(self) -> bool:
        """Whether somebody has decided."""
        ...

    def lines(self, fact: Fact) -> list[str]:
        """What is to be said of it now."""
        ...

    def tell(self, destination: str, message: Message) -> None:
        """Send it. Raises `NotSent`."""
        ...

    def act(self, deed: Deed, person: str, reason: str) -> str:
        """Do it; what came of it, in words, a refusal too."""
        ...


def play(
    book: Playbook,
    stage: Stage,
    progress: Progress,
    now: float,
    keep: Callable[[Progress], None],
    report: Callable[..., None],
) -> Progress:
    """Go on as far as can be gone now. `keep` is called after each step, `report` with what is worth a line of the log.

    Raises `NotSent` if somebody cannot be told; the step is still to be made then.
    """
    while progress.end is End.OPEN:
        if progress.step >= len(book.steps):
            progress = replace(progress, end=End.PLAYED)
        else:
            step = book.steps[progress.step]
            waits = bool(step.wait_hours)
            if (waits or step.act) and stage.decided():
                progress = replace(progress, end=End.DECIDED)
            elif waits and now < progress.since + (step.wait_hours or 0) * HOUR_S:
                return progress
            else:
                _make(book, step, stage, progress, report)
                progress = Progress(progress.step + 1, now)
        keep(progress)
    report("playbook ended", playbook=book.name, about=stage.title, end=progress.end.value)
    return progress


def _make(book: Playbook, step: Step, stage: Stage, progress: Progress, report: Callable[..., None]) -> None:
    if step.notify:
        collected = [line for fact in book.facts_before(progress.step) for line in stage.lines(fact)]
        body = "\n".join([*([step.say] if step.say else []), *collected]) or stage.title
        failed: list[NotSent] = []
        for name in step.notify:
            try:
                stage.tell(name, Message(stage.title, body))
            except NotSent as error:
                failed.append(error)
        if len(failed) == len(step.notify):
            raise failed[-1]
        if failed:  # the others were told: telling them again each time would be worse
            reason = " ".join(map(str, failed))
            report("playbook could not tell everybody", playbook=book.name, reason=reason)
    elif step.act:
        reason = step.reason or f"playbook {book.name}: nobody decided in time"
        came = stage.act(step.act, step.person, reason)
        report("playbook acted", playbook=book.name, about=stage.title, act=step.act.value, result=came)
