"""Waivers as debt: what they let pass, how old they are, and those that let nothing pass. Pure."""

from collections.abc import Iterable, Iterator

from harness.model.gate import Reason
from harness.model.waiver import WaiverDebt, WaiverState

STATES = {
    WaiverState.USED: "it is used",
    WaiverState.UNUSED: "nothing here failed that it covers",
    WaiverState.EXPIRED: "it expired",
    WaiverState.NOT_YET: "it does not count yet",
    WaiverState.OTHER_CANDIDATE: "it is for another candidate",
}


def weight_words(reason: Reason) -> str:
    """What stands behind a reason that does not count: ` (waived by W-1)`; empty for one that counts."""
    if reason.waived_by:
        return f" (waived by {', '.join(reason.waived_by)})"
    return "" if reason.counted else " (advisory, not counted)"


def debt_lines(debts: Iterable[WaiverDebt]) -> Iterator[str]:
    """A line for each waiver, those that the verdict rests on first."""
    for debt in sorted(debts, key=lambda each: (each.state is not WaiverState.USED, -each.days_old)):
        waiver = debt.waiver
        what = (
            f"lets pass {'; '.join(debt.failures)}"
            if debt.failures
            else f"lets nothing pass: {STATES[debt.state]}"
        )
        yield (
            f"Waiver {waiver.id} ({debt.days_old:g} days old, until {waiver.expires:%Y-%m-%d}, approved by"
            f" {waiver.approver}) {what}: {waiver.reason} {waiver.issue}"
        )
