"""What the reports show, worked out from the gate. Pure."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote

from harness.model.gate import CellVerdict, Gate, Reason, Verdict
from harness.model.phases import PHASES, phase_outcome
from harness.model.plan import CELLS, Cell, cell_folder
from harness.model.plural import plural
from harness.model.report import UNPROVEN, CellReport, CheckResult, Evidence, Outcome, Phase
from harness.model.substrate import GuestSystem, Substrate
from harness.reports.words import SUBSTRATES, WORDS

TRANSCRIPT_PAGE = "transcript.html"
"""Beside a cell's report; line N of its transcript is at `#LN`."""
LINKED = 6
"""Pieces of evidence named beside a reason; the cell lists all of them."""

TROUBLE = (Outcome.FAILED, Outcome.INFRA)


@dataclass(frozen=True)
class PhaseFacts:
    """One phase of one cell."""

    phase: Phase
    title: str
    planned: bool
    checks: tuple[CheckResult, ...]
    missing: tuple[str, ...]
    watching: tuple[str, ...]
    total_s: float | None

    @property
    def outcome(self) -> Outcome | None:
        """What stands for the phase; None when nothing is known of it, or not all of it."""
        found = phase_outcome({check.check: check.outcome for check in self.checks}, self.watching)
        unknown = self.missing and found in (Outcome.PASSED, *UNPROVEN)
        return None if unknown else found

    @property
    def proven(self) -> bool:
        """Whether its figures say anything: where nothing was proven, not even what passed counts."""
        return self.outcome not in UNPROVEN

    @property
    def trouble(self) -> tuple[CheckResult, ...]:
        """The checks that a reader looks for: what failed, and what the lab lost."""
        return tuple(check for check in self.checks if check.outcome in TROUBLE)

    @property
    def rest(self) -> tuple[CheckResult, ...]:
        """All others that have a result."""
        return tuple(check for check in self.checks if check.outcome not in TROUBLE)

    @property
    def rest_words(self) -> str:
        """`22 passed, 14 not applicable, 1 without a result`."""
        outcomes = [check.outcome for check in self.rest]
        counted = [f"{count} {WORDS[outcome]}" for outcome in Outcome if (count := outcomes.count(outcome))]
        return ", ".join([*counted, *([f"{len(self.missing)} without a result"] if self.missing else [])])

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(check.outcome is Outcome.PASSED for check in self.checks)

    @property
    def applicable(self) -> int:
        """How many checks should have passed: all but those that are not tested or do not apply."""
        shown = sum(check.outcome not in UNPROVEN for check in self.checks)
        return shown + len(self.missing)


@dataclass(frozen=True)
class CellFacts:
    """One planned cell."""

    cell: Cell
    verdict: CellVerdict
    phases: tuple[PhaseFacts, ...]
    reasons: tuple[Reason, ...]

    @property
    def report(self) -> CellReport | None:
        """The sealed report, if there is one."""
        return self.verdict.report

    @property
    def anchor(self) -> str:
        """The cell's name in links of the page."""
        return "cell-" + self.cell.id.replace("/", "--")

    @property
    def folder(self) -> str:
        """The cell's folder, relative to the run directory, as a link."""
        return f"{CELLS}/{cell_folder(self.cell.id)}"

    @property
    def duration_s(self) -> float:
        """From begin to end; zero without a report."""
        return max(0.0, (self.report.ended - self.report.began).total_seconds()) if self.report else 0.0

    @property
    def substrate(self) -> str:
        """What the machine really was, in words."""
        return substrate_words(self.report) if self.report else "not run"

    def evidence_of(self, check: str) -> tuple[Evidence, ...]:
        """The pieces of evidence to look at first for this check."""
        result = self._result(check)
        if self.report is None or result is None:
            return ()
        places = PHASES[result.phase].evidence
        found = [piece for place in places for piece in self.report.evidence if piece.path.startswith(place)]
        return tuple(found[:LINKED])

    def transcript_link(self, check: str) -> str:
        """The part of the transcript that this check wrote, as a link; empty if it wrote none."""
        result = self._result(check)
        has_page = self.report and any(piece.path == TRANSCRIPT_PAGE for piece in self.report.evidence)
        if result is None or result.transcript is None or not has_page:
            return ""
        return f"{self.evidence_link(TRANSCRIPT_PAGE)}#L{result.transcript[0]}"

    def _result(self, check: str) -> CheckResult | None:
        results = self.report.checks if self.report else ()
        return next((result for result in results if result.check == check), None)

    def evidence_link(self, path: str) -> str:
        """A piece of evidence as a relative link. The `./` keeps a hostile name from being a scheme."""
        return "./" + quote(f"{self.folder}/{path}")


@dataclass(frozen=True)
class Unproven:
    """A check that proved nothing, why, and where."""

    check: str
    title: str
    reason: str
    cells: tuple[str, ...]


def substrate_words(report: CellReport) -> str:
    """`Wine`, or `KVM virtual machine with Wine inside`: never a bare Windows where there is none."""
    words = SUBSTRATES[report.substrate]
    inside = report.guest_system is GuestSystem.WINE and report.substrate is not Substrate.WINE
    return f"{words}, Wine inside" if inside else words


def cell_facts(gate: Gate) -> tuple[CellFacts, ...]:
    """Every planned cell, in the plan's order."""
    verdicts = {entry.cell: entry for entry in gate.cells}
    columns = phase_columns(gate)
    return tuple(
        CellFacts(
            cell=cell,
            verdict=verdicts[cell.id],
            phases=tuple(_phase(cell, verdicts[cell.id].report, phase) for phase in columns),
            reasons=tuple(reason for reason in gate.reasons if reason.cell == cell.id),
        )
        for cell in gate.plan.cells
        if cell.id in verdicts
    )


def phase_columns(gate: Gate) -> tuple[Phase, ...]:
    """The phases that any cell goes through, in their order."""
    used = {phase for cell in gate.plan.cells for phase in cell.phases}
    return tuple(sorted(used, key=lambda phase: phase.order))


def _phase(cell: Cell, report: CellReport | None, phase: Phase) -> PhaseFacts:
    checks = tuple(check for check in report.checks if check.phase is phase) if report else ()
    have = {check.check for check in checks}
    planned = [check for check in cell.checks if check.startswith(f"{phase.value}.")]
    timing = [item.total_s for item in report.timings if item.phase is phase] if report else []
    return PhaseFacts(
        phase=phase,
        title=PHASES[phase].title,
        planned=phase in cell.phases,
        checks=checks,
        missing=tuple(check for check in planned if check not in have),
        watching=cell.watching,
        total_s=sum(timing) if timing else None,
    )


def outcome_counts(gate: Gate) -> Counter[Outcome]:
    """Results by outcome over all cells that have a report."""
    return Counter(check.outcome for entry in gate.cells if entry.report for check in entry.report.checks)


def unproven(gate: Gate, outcome: Outcome) -> tuple[Unproven, ...]:
    """Checks that came to this outcome, one of `UNPROVEN`, gathered by check and reason."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for entry in gate.cells:
        for check in entry.report.checks if entry.report else ():
            if check.outcome is outcome:
                found.setdefault((check.check, check.title, check.message), []).append(entry.cell)
    return tuple(Unproven(*key, cells=tuple(cells)) for key, cells in sorted(found.items()))


def untested_phases(gate: Gate) -> tuple[Phase, ...]:
    """The phases of required cells in which nothing was tested, for the profile declares nothing there."""
    found = {
        phase.phase
        for cell in cell_facts(gate)
        if cell.cell.required
        for phase in cell.phases
        if phase.outcome is Outcome.NOT_TESTED
    }
    return tuple(sorted(found, key=lambda phase: phase.order))


def headline(gate: Gate) -> str:
    """What stands beside the word PASS where whole phases were not tested: `functions not tested`; else empty."""
    phases = [PHASES[phase].title.lower() for phase in untested_phases(gate)]
    if gate.verdict is not Verdict.PASS or not phases:
        return ""
    return f"{' and '.join(phases)} not tested"


def verdict_words(gate: Gate) -> str:
    """The verdict and what limits it: `PASS`, `PASS (suite smoke)`, `PASS (suite smoke, functions not tested)`."""
    suite = "" if gate.plan.is_full else f"suite {gate.plan.suite}"
    failures = sum(len(debt.failures) for debt in gate.waivers)
    debt = f"{plural(failures, 'failure')} waived" if failures else ""
    limits = ", ".join(part for part in (suite, headline(gate), debt) if part)
    return f"{gate.verdict.value} ({limits})" if limits else gate.verdict.value
