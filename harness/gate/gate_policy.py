"""`gate-policy.yaml` as typed data: what each tier asks of a gate. How it is judged: `policy.py`."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from harness.gate.regression import RegressionBounds
from harness.model.base import Frozen, NotEmpty
from harness.model.flaky import KnownFlaky
from harness.model.matrix import FULL
from harness.model.substrate import GuestSystem, Substrate

Percent = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[float, Field(gt=0, le=3660)]


class Person(Frozen):
    """Somebody who may ask for waivers or approve them, known by a key."""

    key: NotEmpty = Field(description="public key in PEM, the text itself")
    approves: bool = Field(default=False, description="may approve waivers")


class RetryBudget(Frozen):
    """How many new machines after a loss a gate may have needed."""

    per_cell: int | None = Field(default=None, ge=0)
    total: int | None = Field(default=None, ge=0)


class WaiverBudget(Frozen):
    """How much debt a tier takes."""

    most: int = Field(default=0, ge=0, description="waivers that the verdict may rest on")
    longest_days: Days = Field(default=30, description="from creation to expiry")


class FlakyBudget(Frozen):
    """How many known flaky checks a tier bears."""

    most: int | None = Field(default=None, ge=0, description="of this gate's; none given: any number")


class Rule(Frozen):
    """What data cannot say: an expression in CEL that must be true."""

    name: NotEmpty
    must: NotEmpty = Field(description="CEL, over the facts listed in docs/formats/gate-policy.md")
    otherwise: NotEmpty = Field(description="the sentence for people if it is not true")


class TierPolicy(Frozen):
    """What a tier asks for."""

    suites: tuple[NotEmpty, ...] = Field(
        default=(FULL,), min_length=1, description="the gate is of one of them"
    )
    cells: tuple[NotEmpty, ...] = Field(
        default=(), description="patterns on cell ids; each must match a cell that passed"
    )
    substrates: tuple[Substrate, ...] = Field(
        default=(), description="every required cell ran on one of them; empty: what the plan allows"
    )
    guest_systems: tuple[GuestSystem, ...] = Field(default=(), description="likewise: windows, wine")
    coverage: Percent = Field(default=0, description="per cent of the fleet whose Windows version passed")
    max_age_days: Days = Field(default=7, description="of the oldest required result")
    signatures: int = Field(default=1, ge=1, description="distinct keys that signed the bundle")
    retries: RetryBudget = RetryBudget()
    waivers: WaiverBudget = WaiverBudget()
    flaky: FlakyBudget = FlakyBudget()
    rules: tuple[Rule, ...] = ()
    regression: RegressionBounds = Field(
        default=RegressionBounds(), description="how much worse than the gate of the last release it may be"
    )


class GatePolicy(Frozen):
    """`gate-policy.yaml`."""

    schema_version: Literal[1]
    name: NotEmpty = "gate-policy"
    expires: AwareDatetime
    fleet: dict[NotEmpty, Percent] = Field(
        default_factory=dict,
        description="per cent of the real hosts by image; what is left of 100 is unknown",
    )
    people: dict[NotEmpty, Person] = Field(default_factory=dict)
    flaky: tuple[KnownFlaky, ...] = Field(
        default=(), description="checks that are known to fail now and then: shown, and let nothing pass"
    )
    tiers: dict[NotEmpty, TierPolicy] = Field(min_length=1)
