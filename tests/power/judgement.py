"""What became of each defect and each good twin, from what a run said. Pure.

A defect counts as caught only by the check that is meant to name it, in the words that name it. Caught by another check
is a gap, and so is a candidate of which nothing was measured: a run that the lab spoilt, or that met its time limit.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.model.base import Frozen
from harness.model.gate import Gate, Verdict
from harness.model.report import Outcome
from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.named import Named
from tests.integration.unusual_good.not_on_wine import NOT_ON_WINE
from tests.integration.unusual_good.twins import TWINS
from tests.power.lines import in_candidates, words_of


class Caught(StrEnum):
    """What became of one defect, or of one good twin."""

    BY_ITS_CHECK = "caught"
    BY_ANOTHER = "caught by another check"
    SURVIVED = "SURVIVED"
    PASSED = "passed"
    LABS = "INFRA, as Wine's own"
    FALSE_ALARM = "FALSE ALARM"
    NOT_MEASURED = "not measured"


FINE = (Caught.BY_ITS_CHECK, Caught.PASSED, Caught.LABS)


class Seen(Frozen):
    """What one run of one candidate showed. Kept, so that an interrupted table goes on where it was."""

    candidate: str
    code: str
    """Digest of all that the result stands on."""
    seconds: float
    """From the start of the run to its verdict."""
    verdict: Verdict | None = None
    failed: Mapping[str, str] = {}
    """Check → its message."""
    lost: Mapping[str, str] = {}
    """Check that the lab spoilt → why."""
    asked: frozenset[str] = frozenset()
    """Every check of the run."""
    substrate: str = ""
    trouble: str = ""
    """Why there is no verdict, or what it stands on."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    kind: str
    what: str
    candidate: str
    check: str
    """The check that names it; empty for a good twin."""
    result: Caught
    seconds: float
    substrate: str = ""
    runs: int = 0
    """How many runs the result stands on: the worst of them counts."""
    found: str = ""


def seen_of(candidate: str, code: str, seconds: float, gate: Gate) -> Seen:
    """What a run's gate holds of it."""
    (cell,) = gate.cells
    checks = cell.report.checks if cell.report else ()
    return Seen(
        candidate=candidate,
        code=code,
        seconds=round(seconds, 1),
        verdict=gate.verdict,
        failed={check.check: check.message for check in checks if check.outcome is Outcome.FAILED},
        lost={check.check: check.message for check in checks if check.outcome is Outcome.INFRA},
        asked=frozenset(check.check for check in checks),
        substrate=str(cell.report.substrate or "") if cell.report else "",
        trouble=""
        if gate.verdict is Verdict.PASS
        else "; ".join(reason.text for reason in gate.reasons)[:2000],
    )


def result_of(named_check: str, words: str, seen: Seen) -> tuple[Caught, str]:
    """What became of one defect in one run, and the words of its check."""
    if named_check not in seen.asked or named_check in seen.lost:
        return Caught.NOT_MEASURED, seen.lost.get(named_check) or seen.trouble or "no result"
    message = seen.failed.get(named_check, "")
    if message and re.search(words, message):
        return Caught.BY_ITS_CHECK, message
    return (Caught.BY_ANOTHER if seen.failed else Caught.SURVIVED), message


def result_of_twin(seen: Seen) -> Caught:
    """Whether a good candidate passed; or, of one that can show nothing on Wine, whether all that was lost says so."""
    owed = NOT_ON_WINE.get(seen.candidate)
    if (
        owed
        and seen.verdict is Verdict.INFRA
        and seen.lost
        and all(owed.why in said for said in seen.lost.values())
    ):
        return Caught.LABS
    verdicts = {Verdict.PASS: Caught.PASSED, Verdict.FAIL: Caught.FALSE_ALARM}
    return verdicts.get(seen.verdict, Caught.NOT_MEASURED) if seen.verdict else Caught.NOT_MEASURED


def rows_of(everything: Mapping[str, list[Seen]]) -> list[Row]:
    """The whole table from what was seen of each candidate; what was not run is not measured."""
    defects = [
        _defect(named, candidate, everything.get(candidate, [])) for named, candidate in in_candidates()
    ]
    return defects + [row for candidate in TWINS for row in _twins(candidate, everything.get(candidate, []))]


def candidates_of(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Defects and good twins, apart."""
    everything = list(rows)
    return [row for row in everything if row.candidate in BAD], [
        row for row in everything if row.candidate in TWINS
    ]


def _defect(named: Named, candidate: str, seen: list[Seen]) -> Row:
    found = [result_of(named.check, words_of(named, candidate), each) for each in seen]
    result, message = (
        max(found, key=lambda each: _worse(each[0])) if found else (Caught.NOT_MEASURED, "not run")
    )
    return Row(
        named.kind,
        named.meaning,
        candidate,
        named.check,
        result,
        _seconds(seen),
        _substrate(seen),
        len(seen),
        message,
    )


def _twins(candidate: str, seen: list[Seen]) -> list[Row]:
    results = [result_of_twin(each) for each in seen]
    result = max(results, key=_worse) if results else Caught.NOT_MEASURED
    trouble = next((each.trouble for each in seen if result_of_twin(each) is not Caught.PASSED), "")
    return [
        Row("good twin", what, candidate, "", result, _seconds(seen), _substrate(seen), len(seen), trouble)
        for what in TWINS[candidate]
    ]


def _worse(result: Caught) -> int:
    order = (*FINE, Caught.NOT_MEASURED, Caught.BY_ANOTHER, Caught.SURVIVED, Caught.FALSE_ALARM)
    return order.index(result)


def _seconds(seen: list[Seen]) -> float:
    return max((each.seconds for each in seen), default=0.0)


def _substrate(seen: list[Seen]) -> str:
    return next((each.substrate for each in seen if each.substrate), "")
