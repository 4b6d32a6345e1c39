"""`./dev power`: every known-bad candidate and every good twin once; what caught each, and in how many seconds.

A defect counts as caught only by the check that is meant to name it, in the words that name it. Caught by another check
is a gap, and so is a candidate of which nothing was measured: a run that the lab spoilt, or that met its time limit.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.model.gate import Gate, Verdict
from harness.model.report import Outcome
from tests.integration.known_bad.candidates import BAD, KnownBad
from tests.integration.known_bad.conftest import run_bad
from tests.integration.unusual_good.candidates import GOOD
from tests.integration.unusual_good.conftest import FILES, run_good

AT_ONCE = 2


class Caught(StrEnum):
    """What became of one defect, or of one good twin."""

    BY_ITS_CHECK = "caught"
    BY_ANOTHER = "caught by another check"
    SURVIVED = "SURVIVED"
    PASSED = "passed"
    FALSE_ALARM = "FALSE ALARM"
    NOT_MEASURED = "not measured"


FINE = (Caught.BY_ITS_CHECK, Caught.PASSED)


@dataclass(frozen=True)
class Row:
    """One line of the table: a check that a candidate must trip, or a good twin."""

    candidate: str
    check: str
    result: Caught
    seconds: float
    """From the start of the run to its verdict."""
    found: str = ""


def main(arguments: Sequence[str]) -> int:
    """Run them and print the table; 0 if every defect was caught by its check and no good twin failed."""
    parser = argparse.ArgumentParser(prog="./dev power", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="candidates (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table to FILE, too")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="runs beside each other (%(default)s)")
    given = parser.parse_args(arguments)
    twins = [*GOOD, FILES]
    unknown = sorted(set(given.names) - {*BAD, *twins})
    if unknown:
        parser.error(f"there is no candidate {unknown[0]!r}; known are {', '.join([*BAD, *twins])}")
    wanted = [name for name in [*BAD, *twins] if name in given.names or not given.names]
    with tempfile.TemporaryDirectory(prefix="bvt-power-") as place:
        rows = list(measure(wanted, Path(place), given.at_once))
    Console().print(table(rows))
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    defects, good = (
        [row for row in rows if row.candidate in BAD],
        [row for row in rows if row.candidate not in BAD],
    )
    say(
        f"{sum(row.result is Caught.BY_ITS_CHECK for row in defects)} of {len(defects)} caught by the check that names "
        f"them; {sum(row.result is Caught.PASSED for row in good)} of {len(good)} good twins passed"
    )
    return 0 if all(row.result in FINE for row in rows) else 1


def measure(names: Sequence[str], place: Path, at_once: int) -> Iterable[Row]:
    """The rows of these candidates, in their order."""

    def one(name: str) -> list[Row]:
        began = time.monotonic()
        if name in BAD:
            rows = of_bad(name, BAD[name], lambda: run_bad(BAD[name], place / name).gate)
        else:
            rows = of_good(name, lambda: run_good(name, place / name).gate)
        took = time.monotonic() - began
        say(f"{name}: {', '.join(sorted({row.result.value for row in rows}))}, {took:.0f} s")
        return [Row(row.candidate, row.check, row.result, round(took, 1), row.found) for row in rows]

    with ThreadPoolExecutor(at_once) as pool:
        for rows in pool.map(one, names):
            yield from rows


def of_bad(name: str, bad: KnownBad, run: Callable[[], Gate]) -> list[Row]:
    """What became of each check that the candidate must trip."""
    gate = ended(run)
    if isinstance(gate, str):
        return [Row(name, check, Caught.NOT_MEASURED, 0, gate) for check in bad.caught]
    (cell,) = gate.cells
    checks = {check.check: check for check in cell.report.checks} if cell.report else {}
    anything = any(check.outcome is Outcome.FAILED for check in checks.values())
    rows = []
    for check, words in bad.caught.items():
        found = checks.get(check)
        if found is None or found.outcome is Outcome.INFRA:
            result = Caught.NOT_MEASURED
        elif found.outcome is Outcome.FAILED and re.search(words, found.message):
            result = Caught.BY_ITS_CHECK
        else:
            result = Caught.BY_ANOTHER if anything else Caught.SURVIVED
        rows.append(Row(name, check, result, 0, found.message if found else "no result"))
    return rows


def of_good(name: str, run: Callable[[], Gate]) -> list[Row]:
    """Whether it passed."""
    gate = ended(run)
    if isinstance(gate, str):
        return [Row(name, "", Caught.NOT_MEASURED, 0, gate)]
    verdicts = {Verdict.PASS: Caught.PASSED, Verdict.FAIL: Caught.FALSE_ALARM}
    reasons = "; ".join(reason.text for reason in gate.reasons)
    return [Row(name, "", verdicts.get(gate.verdict, Caught.NOT_MEASURED), 0, reasons)]


def ended(run: Callable[[], Gate]) -> Gate | str:
    """The gate, or why there is none: that is never a defect that was caught."""
    try:
        return run()
    except Exception as error:  # noqa: BLE001 - whatever it is, the next candidate is measured all the same
        return f"{type(error).__name__}: {error}"[:400]


def table(rows: Iterable[Row]) -> Table:
    """For people."""
    made = Table("candidate", "check", "result", "seconds", box=None)
    for row in rows:
        words = row.result.value + ("" if row.result in FINE else f": {row.found[:120]}")
        made.add_row(row.candidate, row.check or "(good twin)", words, f"{row.seconds:.0f}")
    return made


def say(words: str) -> None:
    sys.stderr.write(f"power: {words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
