"""What stands beside a gate, made of the gate itself."""

from datetime import timedelta

from harness.gate.differences import difference
from harness.model.context import Age, Baseline, Shipped
from harness.model.gate import CellVerdict, Gate, Verdict
from harness.model.report import CheckResult, Outcome


def a_baseline(gate: Gate) -> Baseline:
    """The gate against an earlier one in which every check passed that has a result, in half the time."""
    earlier = gate.model_copy(
        update={
            "run_id": "earlier",
            "created": gate.created - timedelta(days=9),
            "verdict": Verdict.PASS,
            "cells": tuple(_all_passed(entry) for entry in gate.cells),
            "reasons": (),
        }
    )
    shipped = Shipped(tier="production", percent=5, hosts=1200, host_hours=90_000, crashed=1)
    return Baseline(source="ledger.db", verified=True, shipped=shipped, difference=difference(earlier, gate))


def ages_of(gate: Gate, runs: int = 3) -> tuple[Age, ...]:
    """Every failure that counts, failing for so many runs."""
    since = gate.created - timedelta(days=runs)
    return tuple(
        Age(
            cell=each.cell,
            check=each.check,
            runs=runs,
            since=since,
            first_run="first-run",
            first_version="1.2.1",
        )
        for each in gate.reasons
        if each.check
    )


def _all_passed(entry: CellVerdict) -> CellVerdict:
    if entry.report is None:
        return entry
    checks = tuple(_passed(each) for each in entry.report.checks)
    report = entry.report.model_copy(update={"checks": checks})
    return entry.model_copy(update={"report": report, "verdict": Verdict.PASS})


def _passed(check: CheckResult) -> CheckResult:
    if check.outcome is not Outcome.FAILED:
        return check
    return check.model_copy(update={"outcome": Outcome.PASSED, "message": ""})
