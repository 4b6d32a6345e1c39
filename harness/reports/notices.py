"""What a report must say before anything else: what the gate is not, and on what it did not run. Pure."""

from harness.model.gate import Gate
from harness.model.plural import plural
from harness.model.substrate import GuestSystem, Substrate


def extent_notice(gate: Gate) -> str:
    """What must be said where the gate is not the whole: one suite of the matrix, or a run that was stopped."""
    plan, parts = gate.plan, []
    if gate.interrupted:
        parts.append("Interrupted: the run was stopped before its end.")
    if not plan.is_full:
        every = len(plan.cells) + len(plan.left_out)
        parts.append(
            f"Suite {plan.suite} only: {len(plan.cells)} of the {every} cells of pool {plan.pool}. "
            "It is not the full gate."
        )
    return " ".join(parts)


def substrate_notice(gate: Gate) -> str:
    """What must be said before anything else where a cell did not run on Windows; empty if all did."""
    reports = [entry.report for entry in gate.cells if entry.report]
    wine = [report for report in reports if report.guest_system is GuestSystem.WINE]
    if not wine:
        return ""
    share = "these cells" if len(wine) == len(reports) else f"{len(wine)} of {len(reports)} cells"
    return (
        f"Emulated: {share} ran on Wine, not on Windows. A pass here shows what Wine can show; "
        "what it cannot show is listed as not applicable."
    )


def emulated_cpu_notice(gate: Gate) -> str:
    """What must be said where the processor was emulated; empty if none was."""
    slow = [entry for entry in gate.cells if entry.report and entry.report.substrate is Substrate.TCG]
    if not slow:
        return ""
    cells = plural(len(slow), "cell")
    return f"{cells} ran on an emulated processor (TCG): timings there are not those of hardware."


NOTICES = (extent_notice, substrate_notice, emulated_cpu_notice)
"""What must be said before anything else, in this order. Each gives an empty text where it does not apply."""
