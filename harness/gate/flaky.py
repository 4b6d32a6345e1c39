"""What known flaky checks came to in a gate, and how many of them a tier bears. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from harness.gate.refusals import Ground, Refusal
from harness.model.flaky import FlakyNote, KnownFlaky
from harness.model.gate import CellVerdict, Verdict
from harness.model.report import Outcome

REMEDY = "Fix the checks or the agent; or change the bound: whoever signs the policy is responsible for it."


def flaky_notes(
    known: Sequence[KnownFlaky], cells: Sequence[CellVerdict], now: datetime
) -> tuple[FlakyNote, ...]:
    """One note for each, in the policy's order, also for those that concern nothing here: nobody forgets them."""
    return tuple(_note(each, cells, now) for each in known)


def _note(known: KnownFlaky, cells: Sequence[CellVerdict], now: datetime) -> FlakyNote:
    passed, unproven, failed = 0, 0, list[str]()
    for entry in cells:
        if entry.report is None or not any(fnmatchcase(entry.cell, pattern) for pattern in known.cells):
            continue
        for result in entry.report.checks:
            if result.check != known.check:
                continue
            if result.outcome is Outcome.PASSED:
                passed += 1
            elif result.outcome is Outcome.FAILED:
                failed.append(entry.cell)
            else:
                unproven += 1
    return FlakyNote(
        known=known, expired=now >= known.expires, passed=passed, unproven=unproven, failed=tuple(failed)
    )


def flaky_refusals(most: int | None, tier: str, notes: Sequence[FlakyNote]) -> Iterator[Refusal]:
    """That the gate rests on more known flaky checks than the tier bears. An expired one counts, until it is gone."""
    here = [each for each in notes if each.concerns]
    if most is not None and len(here) > most:
        names = ", ".join(each.known.check for each in here)
        text = f"The gate has {len(here)} known flaky checks ({names}); tier {tier} takes at most {most}."
        yield Refusal(ground=Ground.FLAKY, verdict=Verdict.FAIL, text=text, remedy=REMEDY)
