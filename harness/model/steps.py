"""A scenario's steps: an action each, and the state that is expected after it. Data, and what follows from it. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from harness.model.base import Frozen, NotEmpty
from harness.model.release import CANDIDATE, ReleaseName
from harness.model.report import Phase

Kept = Literal["identity", "configuration", "footprint"]
OF_CANDIDATE = (Phase.INSTALL, Phase.UPGRADE)
"""Actions by which the candidate comes onto the machine."""
BEFORE = (Phase.INSTALL, Phase.CHECK_IN, Phase.FUNCTIONS)
"""What can be done with an earlier release before the candidate comes."""
DAMAGES = ("file", "registry", "service")
"""What step `repair` can break before it lets the installer mend it."""
CHANGING = (Phase.UPGRADE, Phase.REPAIR, Phase.REINSTALL, Phase.DOWNGRADE)
"""Actions after which the whole of the installed product is looked at again."""


class Step(Frozen):
    """One step: `{upgrade: candidate, expect: installed(candidate), keeps: [identity]}`.

    The first key is the action; its value is what it is done with: a release, a list of damages, or nothing.
    """

    action: Phase
    of: tuple[NotEmpty, ...] = ()
    expect: str = Field(
        default="",
        pattern=r"^(installed\((candidate|previous|oldest)\)|absent)?$",
        description="the state after it",
    )
    keeps: tuple[Kept, ...] = Field(default=(), description="what must be as it was before it")

    @model_validator(mode="before")
    @classmethod
    def _named_by_its_action(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "action" in value:
            return value
        actions = [key for key in value if key not in ("expect", "keeps")]
        if len(actions) != 1:
            found = ", ".join(map(str, actions)) or "none"
            raise ValueError(f"a step has exactly one action, such as install: candidate; found {found}")
        if actions[0] not in tuple(Phase):
            raise ValueError(f"there is no action {actions[0]!r}; known are {', '.join(Phase)}")
        of = value[actions[0]]
        given = (of,) if isinstance(of, str) else of or ()
        rest = {key: each for key, each in value.items() if key != actions[0]}
        return {"action": actions[0], "of": given, **rest}

    @property
    def release(self) -> str:
        """The release that the action is done with."""
        return self.of[0] if self.of and self.of[0] in (CANDIDATE, *ReleaseName) else ""

    @property
    def is_earlier(self) -> bool:
        """Whether it is done with an earlier release."""
        return self.release in tuple(ReleaseName)

    def __str__(self) -> str:
        return f"{self.action} {' '.join(self.of)}".strip()


def steps_of(phases: Iterable[Phase]) -> tuple[Step, ...]:
    """The short form, a list of phases, as steps."""
    expected = {Phase.INSTALL: "installed(candidate)", Phase.UNINSTALL: "absent"}
    return tuple(
        Step(
            action=phase,
            of=(CANDIDATE,) if phase in (Phase.INSTALL, Phase.UNINSTALL) else (),
            expect=expected.get(phase, ""),
        )
        for phase in phases
    )


def arrival(steps: Sequence[Step]) -> int:
    """The place of the step by which the candidate comes onto the machine; `len(steps)` if none does."""
    places = (
        place for place, step in enumerate(steps) if step.action in OF_CANDIDATE and not step.is_earlier
    )
    return next(places, len(steps))


def prelude(steps: Sequence[Step]) -> tuple[Step, ...]:
    """What is done with earlier releases before the candidate comes. It has no checks: it is no claim about it."""
    at = arrival(steps)
    if at == len(steps):
        return ()  # a short form that ends before the candidate comes
    return tuple(step for step in steps[:at] if step.action is not Phase.MACHINE)


def judged(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps whose outcome is the candidate's."""
    return tuple(step for step in steps if not any(step is each for each in prelude(steps)))


def phases_of(steps: Sequence[Step]) -> tuple[Phase, ...]:
    """The phases of a cell, in the order of its scenario."""
    return tuple(dict.fromkeys(step.action for step in judged(steps)))


def releases_of(steps: Sequence[Step]) -> tuple[ReleaseName, ...]:
    """The earlier releases that these steps need, each once."""
    return tuple(dict.fromkeys(ReleaseName(step.release) for step in steps if step.is_earlier))
