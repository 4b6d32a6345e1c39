"""A plan, its cells and reports that prove it, to be bent by tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness.gate.verdict import judge
from harness.model.candidate import Candidate, InstallerKind, Signature
from harness.model.gate import Gate
from harness.model.matrix import Requirement
from harness.model.plan import Cell, Plan
from harness.model.report import Attempt, CellReport, CheckResult, Outcome, Phase, PhaseTiming
from harness.model.substrate import GuestSystem, Substrate
from harness.model.windows import WindowsVersion

RUN = "20260101-120000-abcd"
BEGAN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
PHASES = (Phase.MACHINE, Phase.INSTALL, Phase.CHECK_IN, Phase.UNINSTALL)
CHECKS = ("install.exit-code", "install.service", "check-in.enrolled", "uninstall.exit-code")

CANDIDATE = Candidate(
    path=Path("dist/agent.msi"),
    sha256="ab" * 32,
    size=2_345_678,
    kind=InstallerKind.MSI,
    version="1.2.3",
    product_name="Example Agent",
    product_code="{11111111-2222-3333-4444-555555555555}",
    upgrade_code="{AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE}",
    manufacturer="Example",
    signature=Signature(
        present=True, intact=True, subject="/CN=Test", issuer="/CN=CA", digest_algorithm="SHA256"
    ),
)


def a_cell(name: str = "win11-24h2/fresh", **changes: Any) -> Cell:
    image, scenario = name.split("/")[:2]
    fields: dict[str, Any] = {
        "id": name,
        "image": image,
        "windows": WindowsVersion(
            product_name="Windows 11 Pro", major=10, minor=0, build=26100, display_version="24H2"
        ),
        "scenario": scenario,
        "phases": PHASES,
        "requirement": Requirement.REQUIRED,
        "substrates": (Substrate.WINE,),
        "checks": CHECKS,
    }
    return Cell(**(fields | changes))


def a_plan(*cells: Cell) -> Plan:
    return Plan(
        candidate=CANDIDATE,
        profile="reference",
        profile_sha256="1" * 64,
        matrix_sha256="2" * 64,
        checks_sha256="3" * 64,
        pool="embedded",
        cells=cells,
    )


def a_result(check: str, outcome: Outcome = Outcome.PASSED, message: str = "", **changes: Any) -> CheckResult:
    phase = Phase(check.split(".")[0])
    words = message or ("" if outcome is Outcome.PASSED else f"{check} says why")
    fields = {"check": check, "title": f"Check {check}", "phase": phase, "outcome": outcome, "message": words}
    return CheckResult(**(fields | {"duration_s": 0.25} | changes))


def a_report(plan: Plan, cell: Cell, **changes: Any) -> CellReport:
    fields: dict[str, Any] = {
        "run_id": RUN,
        "plan_digest": changes.get("plan_digest") or plan.digest,
        "cell_id": cell.id,
        "substrate": Substrate.WINE,
        "guest_system": GuestSystem.WINE,
        "image": "wine",
        "image_digest": "sha256:" + "c" * 64,
        "began": BEGAN,
        "ended": BEGAN + timedelta(seconds=12.4),
        "attempts": (an_attempt(),),
        "checks": tuple(a_result(check) for check in cell.checks),
        "timings": tuple(
            PhaseTiming(phase=phase, total_s=2, guest_s=1.2, waiting_s=0.6) for phase in cell.phases
        ),
    }
    return CellReport(**(fields | changes))


def an_attempt(number: int = 1, outcome: Outcome = Outcome.PASSED, message: str = "") -> Attempt:
    return Attempt(
        number=number,
        machine_id=f"bvt-{number:010x}",
        began=BEGAN,
        ended=BEGAN + timedelta(seconds=12),
        outcome=outcome,
        message=message,
    )


def with_outcome(report: CellReport, check: str, outcome: Outcome, message: str = "") -> CellReport:
    checks = tuple(a_result(r.check, outcome, message) if r.check == check else r for r in report.checks)
    return report.model_copy(update={"checks": checks})


def a_gate(plan: Plan, reports: Sequence[CellReport], **how: Any) -> Gate:
    judgement = judge(plan, RUN, reports, **how)
    return Gate(
        run_id=RUN,
        created=BEGAN,
        harness_version="0.1.0",
        plan=plan,
        plan_digest=plan.digest,
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        cells=judgement.cells,
        duration_s=41.7,
    )
