"""What a gate's page shows beside the gate: who owns the build, the gate that was shipped before, ages, coverage."""

from pydantic import AwareDatetime, Field

from harness.model.base import Frozen
from harness.model.difference import Difference
from harness.model.flaky import FlakyNote


class Age(Frozen):
    """Since when a check has been failing in a cell, as the history of runs knows it."""

    cell: str
    check: str
    runs: int = Field(ge=1, description="runs in a row in which it failed, this one counted")
    since: AwareDatetime
    first_run: str = Field(description="id of the first of them")
    first_version: str = Field(default="", description="of the candidate of that run")


class Shipped(Frozen):
    """How a release fares that the ledger let out."""

    tier: str
    percent: float = Field(ge=0, le=100)
    hosts: int | None = Field(default=None, description="null: no health report was made")
    host_hours: float = 0
    crashed: int = 0
    silent: int = 0
    uninstalled: int = 0


class Baseline(Frozen):
    """The gate that this one is compared with."""

    source: str = Field(description="where it was read: a file, or the ledger's name")
    verified: bool = Field(
        default=False, description="its signatures were verified, when it was let into its tier"
    )
    shipped: Shipped | None = None
    difference: Difference


class Fleet(Frozen):
    """How much of the real fleet passed, by the weights of a policy."""

    policy: str
    percent: float
    uncovered: tuple[tuple[str, float], ...] = Field(
        default=(), description="image and its weight in per cent"
    )
    unknown: float = Field(default=0, description="per cent of the fleet that the policy names no image for")


class Context(Frozen):
    """`context.json` in a run directory. The verdict never depends on it."""

    schema_version: int = 1
    meta: dict[str, str] = Field(
        default_factory=dict, description="owner, contact, commit, build, or any other name"
    )
    baseline: Baseline | None = None
    ages: tuple[Age, ...] = ()
    fleet: Fleet | None = None
    flaky: tuple[FlakyNote, ...] = Field(default=(), description="of the checks that a policy knows as flaky")
