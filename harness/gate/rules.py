"""Rules of a policy in CEL, the Common Expression Language: no loops without end, no input or output. Pure.

The library is `common-expression-language` (Rust): a hundred times faster than `cel-python`, which also brings a
parser generator and a date library along.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.model.gate import CellVerdict
from harness.model.plan import Plan
from harness.model.report import UNPROVEN, CellReport, Outcome
from harness.model.waiver import WaiverDebt, WaiverState


@dataclass(frozen=True)
class Facts:
    """The names that a rule may use, with their values."""

    values: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        plan: Plan,
        cells: Sequence[CellVerdict],
        waivers: Sequence[WaiverDebt],
        *,
        tier: str,
        coverage: float,
        uncovered: Sequence[str],
        age_days: float,
    ) -> "Facts":
        """What a gate gives a rule to look at; the list is in docs/formats/gate-policy.md."""
        candidate = plan.candidate
        planned = {cell.id: cell for cell in plan.cells}
        return cls(
            {
                "tier": tier,
                "suite": plan.suite,
                "pool": plan.pool,
                "profile": plan.profile,
                "candidate": {
                    "version": candidate.version,
                    "product_name": candidate.product_name,
                    "manufacturer": candidate.manufacturer,
                    "platform": candidate.platform.value,
                    "size": candidate.size,
                    "signed": candidate.signature.present,
                    "signature_intact": candidate.signature.intact,
                    "signer": candidate.signature.subject,
                },
                "cells": [
                    {
                        "id": entry.cell,
                        "image": planned[entry.cell].image,
                        "scenario": planned[entry.cell].scenario,
                        "required": entry.required,
                        "verdict": entry.verdict.value,
                        **_of_report(entry.report),
                    }
                    for entry in cells
                    if entry.cell in planned
                ],
                "coverage": float(coverage),
                "uncovered": list(uncovered),
                "age_days": float(age_days),
                "waivers": [
                    {
                        "id": debt.waiver.id,
                        "check": debt.waiver.check,
                        "cell": debt.waiver.cell,
                        "approver": debt.waiver.approver,
                        "days_old": float(debt.days_old),
                    }
                    for debt in waivers
                    if debt.state is WaiverState.USED
                ],
            }
        )


def _of_report(report: CellReport | None) -> dict[str, Any]:
    checks = report.checks if report else ()
    passed = [check.check for check in checks if check.outcome is Outcome.PASSED]
    return {
        "substrate": report.substrate.value if report else "",
        "guest_system": report.guest_system.value if report else "",
        "attempts": len(report.attempts) if report else 0,
        "passed": passed,
        "not_tested": [check.check for check in checks if check.outcome is UNPROVEN[0]],
        "not_applicable": [check.check for check in checks if check.outcome is UNPROVEN[1]],
    }


def broken_rule(expression: str, facts: Facts) -> str:
    """Empty if the rule is true; `false` if it is false; else why it cannot be answered, in words."""
    try:
        answer = _answer(expression, facts)
    except Exception as error:  # noqa: BLE001 - whatever the library raises, the rule is not true
        return _words(error)
    if answer is True:
        return ""
    return "false" if answer is False else f"it is no truth value but {answer!r}"[:120]


def expression_problem(expression: str) -> str:
    """What is wrong with an expression, tried on a gate of one cell; empty if nothing is."""
    try:
        answer = _answer(expression, SAMPLE)
    except Exception as error:  # noqa: BLE001 - the library raises several kinds
        return _words(error)
    return "" if isinstance(answer, bool) else "it is neither true nor false"


def _answer(expression: str, facts: Facts) -> Any:
    import cel  # brings a command line with a terminal library along, and few runs have a policy with rules

    return cel.compile(expression).execute(dict(facts.values))


def _words(error: Exception) -> str:
    text = str(error).strip()
    if isinstance(error, KeyError):
        return f"there is no {text}"
    found = re.search(r"Syntax error: (.*)", text)
    if found:
        return f"syntax error: {found[1][:100]}"
    return (text.splitlines() or [type(error).__name__])[0].rstrip(".")[:140]


SAMPLE = Facts(
    {
        "tier": "beta",
        "suite": "full",
        "pool": "lab",
        "profile": "reference",
        "candidate": {
            "version": "1.2.3",
            "product_name": "Example",
            "manufacturer": "Example",
            "platform": "x64",
            "size": 1,
            "signed": True,
            "signature_intact": True,
            "signer": "/CN=Example",
        },
        "cells": [
            {
                "id": "win11-24h2/fresh",
                "image": "win11-24h2",
                "scenario": "fresh",
                "required": True,
                "verdict": "PASS",
                "substrate": "kvm",
                "guest_system": "windows",
                "attempts": 1,
                "passed": ["install.exit_code"],
                "not_tested": [],
                "not_applicable": [],
            }
        ],
        "coverage": 100.0,
        "uncovered": [],
        "age_days": 0.5,
        "waivers": [
            {"id": "W-1", "check": "install.service", "cell": "", "approver": "somebody", "days_old": 1.0}
        ],
    }
)
"""A gate to try an expression on: one entry in every list, so that a misspelt field is noticed."""
