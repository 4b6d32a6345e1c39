"""A scenario's steps: an action each, and the state that is expected after it. Data, and what follows from it. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from harness.model.base import Frozen, NotEmpty
from harness.model.dirt import DIRT, HINDRANCES
from harness.model.profile.text import GuestPath
from harness.model.release import CANDIDATE, ReleaseName
from harness.model.report import Phase
from harness.model.substrate import Capability, GuestSystem, why_not

Kept = Literal["identity", "configuration", "footprint"]
OF_CANDIDATE = (Phase.INSTALL, Phase.UPGRADE)
"""Actions by which the candidate comes onto the machine."""
BEFORE = (Phase.INSTALL, Phase.CHECK_IN, Phase.FUNCTIONS)
"""What can be done with an earlier release before the candidate comes."""
DAMAGES = ("file", "registry", "service")
"""What step `repair` can break before it lets the installer mend it."""
BROKEN_OFF = (Phase.HINDERED, Phase.POWER_CUT)
"""Actions that do not let the installer come to its end."""
WORKS = (Phase.INSTALL, Phase.UPGRADE, Phase.UNINSTALL)
"""What an installer can be broken off at."""
MOMENTS = ("file", "service")
"""When it is broken off, beside a number of seconds: once the first declared file, or service, is not as it was."""
BESIDE = ("expect", "keeps", "by", "at", "dirt", "into", "rest_s", "use_s")
"""Keys of a step that are not its action."""


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
    by: str = Field(default="", description="of hindered: what keeps it from its end")
    at: str = Field(
        default="",
        pattern=r"^(file|service|[0-9]+(\.[0-9]+)?)?$",
        description="of power-cut and of hindered by kill: file, service, or seconds",
    )
    dirt: tuple[NotEmpty, ...] = Field(
        default=(), description="what is wrong with the machine when it begins"
    )
    into: GuestPath | None = Field(
        default=None, description="of install: the folder that the product goes to"
    )
    rest_s: float = Field(default=0, ge=0, le=86400, description="of soak: seconds at rest")
    use_s: float = Field(
        default=0, ge=0, le=86400, description="of soak: seconds in use, after those at rest"
    )

    @model_validator(mode="before")
    @classmethod
    def _named_by_its_action(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "action" in value:
            return value
        actions = [key for key in value if key not in BESIDE]
        if len(actions) != 1:
            found = ", ".join(map(str, actions)) or "none"
            raise ValueError(f"a step has exactly one action, such as install: candidate; found {found}")
        if actions[0] not in tuple(Phase):
            raise ValueError(f"there is no action {actions[0]!r}; known are {', '.join(Phase)}")
        of = value[actions[0]]
        given = (of,) if isinstance(of, str) else of or ()
        rest = {key: each for key, each in value.items() if key != actions[0]}
        if isinstance(rest.get("at"), int | float):
            rest["at"] = f"{rest['at']:g}"
        return {"action": actions[0], "of": given, **rest}

    @property
    def release(self) -> str:
        """The release that the action is done with."""
        return self.of[0] if self.of and self.of[0] in (CANDIDATE, *ReleaseName) else ""

    @property
    def is_earlier(self) -> bool:
        """Whether it is done with an earlier release."""
        return self.release in tuple(ReleaseName)

    @property
    def work(self) -> Phase | None:
        """What of the installer's is broken off; None for a step that lets it come to its end."""
        named = self.of[0] if self.action in BROKEN_OFF and self.of else ""
        return next((work for work in WORKS if work == named), None)

    @property
    def claims(self) -> bool:
        """Whether it has checks of its own. Of what is broken off from outside, the next step shows what came of it."""
        return self.action is not Phase.POWER_CUT and not (
            self.action is Phase.HINDERED and self.work is Phase.UNINSTALL
        )

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


def beginning(steps: Sequence[Step]) -> int:
    """The place of the first step that is done with the candidate; `len(steps)` if none is."""
    broken = (place for place, step in enumerate(steps) if step.action in BROKEN_OFF)
    return min(arrival(steps), next(broken, len(steps)))


def prelude(steps: Sequence[Step]) -> tuple[Step, ...]:
    """What is done with earlier releases before the candidate comes. It has no checks: it is no claim about it."""
    at = beginning(steps)
    if at == len(steps):
        return ()  # a short form that ends before the candidate comes
    return tuple(step for step in steps[:at] if step.action is not Phase.MACHINE)


def broken_off(steps: Sequence[Step]) -> Step | None:
    """The step that does not let the installer come to its end, if there is one."""
    return next((step for step in steps if step.action in BROKEN_OFF), None)


def arrives_by(steps: Sequence[Step]) -> Phase:
    """The step by which the candidate comes onto the machine, or was to come."""
    broken = broken_off(steps)
    actions = [step.action for step in steps[arrival(steps) :][:1]]
    actions += [broken.work] if broken is not None and broken.work in OF_CANDIDATE else []
    return next((action for action in actions if action is not None), Phase.INSTALL)


def dirt_at(steps: Sequence[Step], action: Phase) -> tuple[str, ...]:
    """What is wrong with the machine when the candidate's step `action` begins."""
    return tuple(name for step in judged(steps) if step.action is action for name in step.dirt)


def into(steps: Sequence[Step]) -> str:
    """The folder that the scenario has the product go to; empty: the profile's own."""
    return next((step.into for step in steps if step.into), "")


def cannot_be_made(steps: Sequence[Step], system: GuestSystem) -> str:
    """Why this guest system cannot show what the scenario is about; empty if it can."""
    needs: set[Capability] = set()
    for step in steps:
        for name in step.dirt:
            needs |= DIRT[name].needs
        if step.by:
            needs |= HINDRANCES[step.by].needs
            needs |= HINDRANCES[step.by].needs_at.get(step.work or step.action, frozenset())
        if step.action is Phase.HINDERED and step.work is Phase.UPGRADE:
            needs.add(Capability.MSI_ROLLBACK_RESTORES)
    return why_not(system, frozenset(needs)) or ""


def judged(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps whose outcome is the candidate's."""
    return tuple(step for step in steps if not any(step is each for each in prelude(steps)))


def phases_of(steps: Sequence[Step]) -> tuple[Phase, ...]:
    """The phases of a cell, in the order of its scenario."""
    return tuple(dict.fromkeys(step.action for step in judged(steps) if step.claims))


def releases_of(steps: Sequence[Step]) -> tuple[ReleaseName, ...]:
    """The earlier releases that these steps need, each once."""
    return tuple(dict.fromkeys(ReleaseName(step.release) for step in steps if step.is_earlier))
