"""matrix.yaml as typed data: images, axes, scenarios, pools, and which cells are required."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from harness.model.base import Frozen, Seconds
from harness.model.report import Phase
from harness.model.steps import Step, steps_of
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion


class Requirement(StrEnum):
    """Whether the gate needs a cell, or only shows it."""

    REQUIRED = "required"
    ADVISORY = "advisory"


class WindowsImage(WindowsVersion):
    """One entry of `images`: a Windows version that cells can name."""

    legacy: bool = False


class Scenario(Frozen):
    """What is done with a cell's machine: `steps`, or `phases`, the short form for what needs no earlier release."""

    title: str
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)] | None = None
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] | None = None
    reboots: int = Field(default=1, ge=1, le=20, description="how often in a row phase `reboot` reboots")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.phases is None) == (self.steps is None):
            raise ValueError("a scenario has either 'steps' or 'phases'")
        return self

    @property
    def whole(self) -> tuple[Step, ...]:
        """Its steps, whichever form it is written in."""
        return self.steps or steps_of(self.phases or ())


class Selector(Frozen):
    """Shell-style patterns on the axes of a cell; an axis left out matches everything."""

    image: str = "*"
    scenario: str = "*"
    axes: dict[str, str] = Field(default_factory=dict)


class RequirementRule(Selector):
    """Cells that match have this requirement; the last matching rule wins. The default is `required`."""

    requirement: Requirement
    reason: str = Field(min_length=5)


FULL = "full"
"""The suite of every cell that the pool serves. It needs no entry in the matrix."""


class Suite(Frozen):
    """A named part of the matrix that is gated by itself, with a sealed plan of its own."""

    title: str = Field(min_length=1, description="what a pass of this suite is good for")
    cells: tuple[str, ...] = Field(min_length=1, description="patterns on cell ids")


class HostLimits(Frozen):
    """How much of one host a pool may use."""

    uri: str
    memory_mb: int | None = Field(default=None, ge=1)
    cpus: int | None = Field(default=None, ge=1)
    disk_mb: int | None = Field(
        default=None, ge=1, description="disk for machines; each takes what the provider reserves for one"
    )


class Pool(Frozen):
    """Where cells run."""

    provider: str = Field(description="name of a provider folder under harness/machines")
    base_image: str | None = Field(
        default=None,
        description="provider image that serves every Windows version; None: the image's own name",
    )
    substrates: tuple[Substrate, ...] = Field(min_length=1, description="what a cell's machine may really be")
    images: tuple[str, ...] = Field(
        default=("*",), description="patterns on image names that this pool serves"
    )
    scenarios: tuple[str, ...] = ("*",)
    hosts: tuple[HostLimits, ...] = ()
    memory_mb: int = Field(default=1024, ge=1)
    cpus: int = Field(default=1, ge=1)
    ready_deadline_s: Seconds = 60
    options: dict[str, Any] = Field(default_factory=dict, description="the provider's own, validated by it")


class Matrix(Frozen):
    """The whole file."""

    schema_version: int = Field(default=1, ge=1, le=1)
    images: dict[str, WindowsImage] = Field(min_length=1)
    scenarios: dict[str, Scenario] = Field(min_length=1)
    axes: dict[str, tuple[str, ...]] = Field(
        description="`image` and `scenario` list names or patterns; any further axis multiplies the cells"
    )
    include: tuple[dict[str, str], ...] = Field(
        default=(), description="cells added beyond the product of the axes"
    )
    exclude: tuple[Selector, ...] = ()
    requirements: tuple[RequirementRule, ...] = ()
    suites: dict[str, Suite] = Field(
        default_factory=dict, description="parts of the matrix by name, beside `full`"
    )
    pools: dict[str, Pool] = Field(min_length=1)
