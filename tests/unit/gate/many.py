"""A gate of hundreds of cells, as large as a real one: every cell with some hundred results and pieces of evidence."""

from collections.abc import Callable

from harness.model.gate import Gate
from harness.model.matrix import Requirement
from harness.model.plan import Cell
from harness.model.report import CellReport, CheckResult, Evidence, Outcome, Phase
from harness.model.windows import WindowsVersion
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report, a_result

SCENARIOS = {
    "fresh": (),
    "reboot": (Phase.REBOOT,),
    "reboots": (Phase.REBOOT,),
    "upgrade": (Phase.UPGRADE,),
    "upgrade-oldest": (Phase.UPGRADE, Phase.REBOOT),
    "repair": (Phase.REPAIR,),
    "reinstall": (Phase.REINSTALL,),
    "downgrade": (Phase.DOWNGRADE,),
    "soak": (),
    "power-cut": (Phase.REBOOT,),
}
EVERY = (
    Phase.MACHINE,
    Phase.INSTALL,
    Phase.CHECK_IN,
    Phase.FUNCTIONS,
    Phase.UNINSTALL,
    Phase.RESIDUE,
)
PER_PHASE = 16
EVIDENCE = tuple(
    Evidence(
        path=f"{folder}/{name}.log", sha256=f"{number:064x}", size=20_000 + number, what="what it logged"
    )
    for number, (folder, name) in enumerate(
        (folder, f"piece-{piece}")
        for folder in ("install", "logs", "machine", "uninstall")
        for piece in range(7)
    )
)


def _every_seventh(number: int) -> bool:
    return number % 7 == 3 and number < 280


def many(
    cells: int = 500, *, failing: Callable[[int], bool] = _every_seventh, defects: int = 12, why: str = ""
) -> Gate:
    """`cells` cells, some of which fail by one of so many different defects; every 97th has no result.

    `why`: what a failed check says; each cell says it with its own number.
    """
    planned = [_planned(number) for number in range(cells)]
    plan = a_plan(*planned)
    digest = plan.digest  # made once: of so many cells it takes a moment
    reports = [
        _report(
            a_report(plan, cell, plan_digest=digest), 20 + number % defects if failing(number) else None, why
        )
        for number, cell in enumerate(planned)
    ]
    return a_gate(plan, [report for number, report in enumerate(reports) if number % 97 != 96])


def _planned(number: int) -> Cell:
    version, scenario = number // len(SCENARIOS), list(SCENARIOS)[number % len(SCENARIOS)]
    phases = tuple(sorted({*EVERY, *SCENARIOS[scenario]}, key=lambda phase: phase.order))
    build = 19_000 + version * 7
    return a_cell(
        f"win11-b{build}/{scenario}",
        windows=WindowsVersion(product_name="Windows 11 Pro", major=10, minor=0, build=build),
        phases=phases,
        checks=tuple(f"{phase.value}.check_{place}" for phase in phases for place in range(PER_PHASE)),
        **({"requirement": Requirement.ADVISORY, "reason": "out of support"} if version % 10 == 9 else {}),
    )


def _report(report: CellReport, defect: int | None, why: str) -> CellReport:
    results = [
        _result(each, place == defect, f"{why} {report.cell_id}" if why else "")
        for place, each in enumerate(report.checks)
    ]
    return report.model_copy(update={"checks": tuple(results), "evidence": EVIDENCE})


def _result(result: CheckResult, fails: bool, why: str) -> CheckResult:
    title = f"What {result.check} asks of the installed agent, in about sixty letters"
    if fails:
        words = why or f"{result.check}: expected the service to run within 60 s, it was stopped. " * 3
        return a_result(result.check, Outcome.FAILED, words, title=title)
    if result.check.endswith(("_14", "_15")):
        return a_result(result.check, Outcome.NOT_APPLICABLE, "Wine cannot show it", title=title)
    return result.model_copy(update={"title": title})
