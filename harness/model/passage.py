"""From which release to which a cell took the product, by digest. Pure."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from harness.model.base import Frozen
from harness.model.plan import Cell, Plan
from harness.model.release import CANDIDATE
from harness.model.report import Phase
from harness.model.steps import Step


class Passage(Frozen):
    """One step that put a release in the place of another. Whether it came to that, the step's checks say."""

    by: Phase = Field(description="`upgrade` or `downgrade`")
    origin: str = Field(
        pattern="^[0-9a-f]{64}$", description="SHA-256 of the installer that was there before"
    )
    to: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the installer that was run")


def passages(plan: Plan, cell: Cell) -> tuple[Passage, ...]:
    """Those of one of the plan's cells, in the order of its steps. A cell whose release is missing has none."""
    digests = {CANDIDATE: plan.candidate.sha256}
    digests |= {name.value: release.sha256 for name, release in plan.releases.items()}
    return tuple(_passages(cell.steps, digests))


def _passages(steps: Sequence[Step], digests: Mapping[str, str]) -> list[Passage]:
    found = []
    there = ""
    for step in steps:
        now = digests.get(step.release, "")
        if step.action in (Phase.UPGRADE, Phase.DOWNGRADE) and there and now:
            found.append(Passage(by=step.action, origin=there, to=now))
        if step.action in (Phase.INSTALL, Phase.UPGRADE):
            there = now
    return found
