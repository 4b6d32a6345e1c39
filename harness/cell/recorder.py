"""Collects what happens in one cell and seals it into a report. No pytest here."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.cell.check import Check
from harness.cell.stopwatch import Stopwatch
from harness.files import sha256_of, write_atomically
from harness.gate.artifact import REPORT_FILE
from harness.model.phases import follows_from
from harness.model.plan import Cell
from harness.model.plural import plural
from harness.model.report import (
    UNPROVEN,
    Attempt,
    CellReport,
    CheckResult,
    Evidence,
    Excuse,
    Outcome,
    Phase,
    PhaseTiming,
)
from harness.model.substrate import GuestSystem, Substrate
from harness.rundir.directory import STARTED_FILE

SEVERITY = (Outcome.PASSED, *UNPROVEN, Outcome.BLOCKED, Outcome.INFRA, Outcome.FAILED)
"""Outcomes from the best to the worst, in the order of the verdicts that they lead to."""


class CellRecorder:
    """The growing record of one cell, on disk only when sealed."""

    def __init__(
        self,
        run_id: str,
        plan_digest: str,
        cell: Cell,
        directory: Path,
        guest_clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.run_id, self.plan_digest, self.cell, self.directory = run_id, plan_digest, cell, directory
        self.began = datetime.now(UTC)
        self.stopwatch = Stopwatch(guest_clock)
        self.attempts: list[Attempt] = []
        self.results: dict[str, CheckResult] = {}
        self.details: dict[str, str] = {}
        self.excuses: list[Excuse] = []
        self.substrate: Substrate = cell.substrates[0]
        self.guest_system: GuestSystem = GuestSystem.WINDOWS
        self.image, self.image_digest = cell.image, ""
        self._what: dict[str, str] = {}

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Outcome by check id, so far."""
        return {name: result.outcome for name, result in self.results.items()}

    @property
    def failed(self) -> bool:
        """True if anything so far is worth keeping the machine for."""
        return any(result.outcome in (Outcome.FAILED, Outcome.INFRA) for result in self.results.values())

    def begin_attempt(self) -> int:
        """Another machine is tried; returns the attempt's number."""
        number = len(self.attempts) + 1
        self.attempts.append(
            Attempt(number=number, machine_id="", began=datetime.now(UTC), outcome=Outcome.PASSED)
        )
        return number

    def amend_attempt(
        self, *, machine_id: str | None = None, outcome: Outcome | None = None, message: str = ""
    ) -> None:
        """Complete the record of the attempt in hand."""
        current = self.attempts[-1]
        self.attempts[-1] = current.model_copy(
            update={
                "machine_id": current.machine_id if machine_id is None else machine_id,
                "outcome": outcome or current.outcome,
                "message": message or current.message,
                "ended": datetime.now(UTC) if outcome is not None else current.ended,
            }
        )

    def end_attempt(self) -> None:
        """The last machine did its job to the end: its outcome is the worst of its checks."""
        for outcome in (Outcome.FAILED, Outcome.INFRA):
            names = [name for name, found in self.outcomes.items() if found is outcome]
            if names:
                self.amend_attempt(
                    outcome=outcome, message=f"{plural(len(names), 'check')}: {', '.join(names)}"
                )
                return
        self.amend_attempt(outcome=Outcome.PASSED)

    def add(
        self,
        check: Check,
        outcome: Outcome,
        message: str,
        duration_s: float,
        *,
        blocked_by: str = "",
        transcript: tuple[int, int] | None = None,
    ) -> CheckResult:
        """Record one check's outcome with the details that it noted, and what it follows from.

        A check that ran again keeps its worst outcome, and says what the other one was.
        """
        result = CheckResult(
            check=check.id,
            title=check.title,
            phase=check.phase,
            outcome=outcome,
            message=message,
            transcript=transcript,
            because=blocked_by or self._cause_of(check, outcome),
            duration_s=round(duration_s, 4),
            details=self.details,
            excuses=tuple(self.excuses),
        )
        self.details, self.excuses = {}, []
        earlier = self.results.get(check.id)
        if earlier is not None and earlier.outcome is not outcome:
            result = _worse(earlier, result)
        self.results[check.id] = result
        return result

    def _cause_of(self, check: Check, outcome: Outcome) -> str:
        return follows_from(check.phase, self.outcomes, check.follows) if outcome is Outcome.FAILED else ""

    def describe(self, folder: Path, pieces: Iterable[Evidence]) -> None:
        """Note for the report what these pieces of evidence are. Their paths are relative to `folder`."""
        for piece in pieces:
            self._what[(folder / piece.path).relative_to(self.directory).as_posix()] = piece.what

    def mask(self, masked: Callable[[str], str]) -> None:
        """Take secrets out of what attempts and checks say."""
        self.attempts = [
            attempt.model_copy(update={"message": masked(attempt.message)}) for attempt in self.attempts
        ]
        self.results = {
            name: result.model_copy(
                update={
                    "message": masked(result.message),
                    "details": {key: masked(text) for key, text in result.details.items()},
                    "excuses": tuple(
                        each.model_copy(update={"what": masked(each.what), "reason": masked(each.reason)})
                        for each in result.excuses
                    ),
                }
            )
            for name, result in self.results.items()
        }

    def seal(self) -> CellReport:
        """Write `report.json`, with the digest of every piece of evidence beside it."""
        report = CellReport(
            run_id=self.run_id,
            plan_digest=self.plan_digest,
            cell_id=self.cell.id,
            substrate=self.substrate,
            guest_system=self.guest_system,
            image=self.image,
            image_digest=self.image_digest,
            began=self.began,
            ended=datetime.now(UTC),
            attempts=tuple(self.attempts),
            checks=tuple(self.results.values()),
            timings=self._timings(),
            evidence=tuple(self._evidence()),
        )
        write_atomically(self.directory / REPORT_FILE, report.model_dump_json(indent=1))
        return report

    def _timings(self) -> tuple[PhaseTiming, ...]:
        return tuple(self.stopwatch.timing(phase) for phase in Phase if self.stopwatch.seen(phase))

    def _evidence(self) -> Sequence[Evidence]:
        found = []
        for path in sorted(self.directory.rglob("*")):
            relative = path.relative_to(self.directory).as_posix()
            if not path.is_file() or relative in (REPORT_FILE, STARTED_FILE) or path.name.startswith("."):
                continue
            digest, size = sha256_of(path), path.stat().st_size
            found.append(Evidence(path=relative, sha256=digest, size=size, what=self._what.get(relative, "")))
        return found


def _worse(earlier: CheckResult, later: CheckResult) -> CheckResult:
    worse = max(earlier, later, key=lambda result: SEVERITY.index(result.outcome))
    other, when = (later, "afterwards") if worse is earlier else (earlier, "before")
    words = f"The check ran again: {when} it came to {other.outcome.value}; the worse outcome counts."
    return worse.model_copy(update={"message": f"{worse.message} {words}".strip()})
