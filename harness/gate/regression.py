"""How much worse than the last release's gate a gate may be, and whether it is. Pure."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from harness.gate.refusals import Ground, Refusal
from harness.model.base import Frozen
from harness.model.difference import Difference, Turn
from harness.model.gate import Verdict
from harness.model.plural import plural
from harness.model.report import Outcome

SHOWN = 5
REMEDY = "Fix what became worse; or change the bound: whoever signs the policy is responsible for it."


class RegressionBounds(Frozen):
    """What is not named is not bounded. A release without one before it has nothing to become worse than."""

    unproven: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="results that passed in the last gate and did not in this one, whyever"
    )
    lost_cells: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="cells that had a result in the last gate, and have none or are not planned"
    )
    slower_percent: Annotated[float, Field(gt=0, le=10_000)] | None = Field(
        default=None, description="by how much the median cell took longer, of those that passed in both"
    )

    @property
    def bound(self) -> bool:
        """Whether anything is."""
        return self != RegressionBounds()


def regression_refusals(bounds: RegressionBounds, tier: str, found: Difference | None) -> Iterator[Refusal]:
    """Every bound that is not kept. `found`: against the gate of the last release; None if there is none."""
    if found is None:
        return
    since = found.old.version or found.old.run_id
    failing = tuple(each for each in found.turned(Turn.NEW_FAILURE) if each.before is Outcome.PASSED)
    worse = failing + found.turned(Turn.UNPROVEN)
    if bounds.unproven is not None and len(worse) > bounds.unproven:
        names = _named(f"{each.check} in {each.cell}" for each in worse)
        text = f"Passed with {since} and not proven now: {plural(len(worse), 'result')} ({names})"
        text += f"; tier {tier} takes at most {bounds.unproven}."
        yield _refusal(text)
    if bounds.lost_cells is not None and len(found.lost) > bounds.lost_cells:
        names = _named(each.cell for each in found.lost)
        text = f"A result with {since} and none now: {plural(len(found.lost), 'cell')} ({names})"
        text += f"; tier {tier} takes at most {bounds.lost_cells}."
        yield _refusal(text)
    for each in found.times:
        if (
            each.phase == "cell"
            and bounds.slower_percent is not None
            and each.percent > bounds.slower_percent
        ):
            text = (
                f"A cell takes {each.after_s:g} s, with {since} it took {each.before_s:g} s (median of {each.cells}):"
                f" {each.percent:.0f} % more, tier {tier} takes at most {bounds.slower_percent:g} %."
            )
            yield _refusal(text)


def _named(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more


def _refusal(text: str) -> Refusal:
    return Refusal(ground=Ground.REGRESSION, verdict=Verdict.FAIL, text=text, remedy=REMEDY)
