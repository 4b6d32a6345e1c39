"""The command: which candidates, how often, how many at once; what was measured before is not measured again."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from harness.model.gate import Gate
from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.conftest import run_bad
from tests.integration.known_bad.rotation import chosen
from tests.integration.unusual_good.conftest import run_good
from tests.integration.unusual_good.twins import TWINS
from tests.power.judgement import FINE, Caught, Row, Seen, result_of_twin, rows_of, seen_of
from tests.power.store import ROOT, Store, code_digest
from tests.power.table import as_json, as_markdown, on_screen, summary

AT_ONCE = 2
LONGEST_S = 24 * 3600.0
"""Of all runs together."""
KEPT = ROOT / ".cache" / "power"
EVERYTHING = (*BAD, *TWINS)


def main(arguments: Sequence[str]) -> int:
    """Measure what is wanted and print the table; 0 if each defect was caught by its check and no good twin failed."""
    parser = _parser()
    given = parser.parse_args(arguments)
    wanted = given.names or [*(given.only or EVERYTHING)]
    unknown = sorted(set(wanted) - set(EVERYTHING))
    if unknown:
        parser.error(f"there is no candidate {unknown[0]!r}; known are {', '.join(EVERYTHING)}")
    try:
        part = chosen([name for name in EVERYTHING if name in wanted], given.part or "1/1")
    except ValueError:
        parser.error(f"--part is a part like 2/6, not {given.part!r}")
    store, code = Store(given.kept), code_digest()
    if not given.show:
        due = [name for name in part for _ in range(given.times - len(_measured(store, name, code)))]
        if len(due) < len(part) * given.times:
            say(
                f"{len(part) * given.times - len(due)} runs of this code are kept in {given.kept} and not made again"
            )
        measure(due, store, code, given.at_once)
    kept = {name: store.read(name, "" if given.show else code) for name in part}
    older = sorted(name for name, each in kept.items() if any(seen.code != code for seen in each))
    if older:
        say(f"of another code than this: {', '.join(older)}")
    rows = [row for row in rows_of(kept) if row.candidate in part]
    Console().print(on_screen(rows))
    _write(given.json, as_json, rows)
    _write(given.markdown, as_markdown, rows)
    say(summary(rows))
    return 0 if all(row.result in FINE for row in rows) else 1


def measure(names: Sequence[str], store: Store, code: str, at_once: int) -> None:
    """Run these candidates, some of them beside each other, and keep what each showed."""
    with tempfile.TemporaryDirectory(prefix="bvt-power-") as root, ThreadPoolExecutor(at_once) as pool:

        def one(number: int, name: str) -> None:
            place = Path(root) / f"{number}-{name}"
            seen = ended(
                name,
                code,
                lambda: run_bad(BAD[name], place).gate if name in BAD else run_good(name, place).gate,
            )
            store.add(seen)
            say(f"{name}: {words_for(seen)}, {seen.seconds:.0f} s")

        # Each outcome is kept by then; what is raised here is a mistake of this command.
        for done in [pool.submit(one, number, name) for number, name in enumerate(names)]:
            done.result(timeout=LONGEST_S)


def ended(name: str, code: str, run: Callable[[], Gate]) -> Seen:
    """What a run showed. One without a gate showed nothing: that is never a defect that was caught."""
    began = time.monotonic()
    try:
        gate = run()
    except Exception as error:  # noqa: BLE001 - whatever it is, the next candidate is measured all the same
        took_s = round(time.monotonic() - began, 1)
        return Seen(
            candidate=name, code=code, seconds=took_s, trouble=f"{type(error).__name__}: {error}"[:400]
        )
    return seen_of(name, code, time.monotonic() - began, gate)


def words_for(seen: Seen) -> str:
    """What came of a candidate, in a few words."""
    rows = [row for row in rows_of({seen.candidate: [seen]}) if row.candidate == seen.candidate]
    return ", ".join(sorted({row.result.value for row in rows}))


def _measured(store: Store, name: str, code: str) -> list[Seen]:
    """Runs that need not be made again: what the lab spoilt is."""
    return [each for each in store.read(name, code) if each.verdict and not each.lost and _tells(each)]


def _tells(seen: Seen) -> bool:
    return seen.candidate in BAD or result_of_twin(seen) is not Caught.NOT_MEASURED


def _write(place: Path | None, form: Callable[[list[Row]], str], rows: list[Row]) -> None:
    if place:
        place.write_text(form(rows), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev power",
        description="Run every known-bad candidate and every good twin: what caught each, in how many seconds.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="candidates (default: all)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="the same as NAME")
    parser.add_argument("--part", metavar="K/N", help="the K-th of N parts of them")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="runs of each (%(default)s)")
    parser.add_argument(
        "-j", "--at-once", type=int, default=AT_ONCE, metavar="N", help="beside each other (%(default)s)"
    )
    parser.add_argument("--show", action="store_true", help="run nothing: the table of what is kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table to FILE, too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="the same as Markdown")
    parser.add_argument(
        "--kept", type=Path, default=KEPT, metavar="DIR", help="where results are kept (.cache/power)"
    )
    return parser


def say(words: str) -> None:
    sys.stderr.write(f"power: {words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
