"""What makes a function a check: a title, the phase of its module, what it needs, and what a profile must declare."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from harness.backend.interface import BackendFeature
from harness.cell.declared import Declared, always, blocked_downgrade
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.model.steps import Kept
from harness.model.substrate import Capability

Shows = Callable[[AgentProfile], frozenset[Capability]]
Function = TypeVar("Function", bound=Callable[..., None])
HEARD = "check-in.heartbeat"
"""The first check that says that the agent is silent."""


def nothing_more(_: AgentProfile) -> frozenset[Capability]:
    """What most checks can show on a system that cannot show it by itself."""
    return frozenset()


@dataclass(frozen=True)
class Check:
    """The description of one check, hung on its function by `check`."""

    id: str
    title: str
    phase: Phase
    needs: frozenset[Capability]
    features: frozenset[BackendFeature]
    essential: bool
    module: str
    line: int
    first: bool = False
    declared: Declared = always
    watches: bool = False
    requires: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    msi_only: str = ""
    once: bool = False
    keeps: Kept | None = None
    shows: Shows = nothing_more

    @property
    def counts_on_agent(self) -> bool:
        """Whether it judges what the agent did over time, so that a while in which it was down is part of its result."""
        return bool(self.features) or self.phase is Phase.CHECK_IN or HEARD in self.follows


class HeldBack(Exception):
    """A check that did not run to an outcome of its own. pytest shows it as skipped, the report by its name."""


class NotApplicable(HeldBack):
    """Raised where this substrate, backend or kind of installer cannot show it. Never counted as passed."""


class NotTested(HeldBack):
    """Raised where the profile declares nothing to test it by. Never counted as passed."""


class Blocked(HeldBack):
    """Raised instead of running a check that cannot have a result. `by`: the id of the check that is the cause."""

    def __init__(self, message: str, by: str = "") -> None:
        super().__init__(message)
        self.by = by


def check(
    title: str,
    *,
    needs: Iterable[Capability] = (),
    backend: Iterable[BackendFeature] = (),
    declared: Declared = always,
    essential: bool = False,
    first: bool = False,
    watches: bool = False,
    requires: Iterable[str] = (),
    follows: Iterable[str] = (),
    msi_only: str = "",
    once: bool = False,
    keeps: Kept | None = None,
    shows: Shows = nothing_more,
) -> Callable[[Function], Function]:
    """Make a function a check. Its id is `<phase>.<name>`, the phase being its module's `PHASE`.

    `declared`: why a profile gives it nothing to look at (`harness.cell.declared`); it is *not tested* then.
    `essential` means that later phases make no sense when it fails, so they are blocked; `first`, that neither does
    the rest of its phase. One that `watches` looks at
    what other checks provoke, so it proves nothing about its phase by itself. `requires`: ids of checks without which
    this one cannot have a result. `follows`: ids of checks whose failure explains one of this check, which runs all
    the same. `msi_only`: why an EXE installer cannot show it. `once`, of phase `install`: it looks at the package and
    not at the machine, so that it is not asked again after a repair. `keeps`: it is asked only after a step that
    says so. `shows`: of what it needs, what a profile says that can be shown where the system by itself cannot.
    """

    def mark(function: Function) -> Function:
        phase = function.__globals__["PHASE"]
        described = Check(
            id=f"{phase.value}.{function.__name__.removeprefix('test_')}",
            title=title,
            phase=phase,
            needs=frozenset(needs),
            features=frozenset(backend),
            declared=declared,
            essential=essential or first,
            first=first,
            watches=watches,
            module=function.__module__.rpartition(".")[2],
            line=function.__code__.co_firstlineno,
            requires=tuple(requires),
            follows=tuple(follows),
            msi_only=msi_only,
            once=once,
            keeps=keeps,
            shows=shows,
        )
        function.__bvt_check__ = described  # type: ignore[attr-defined]
        return function

    return mark


def after(phase: Phase, check: Check) -> Check:
    """A check of phase `install`, asked again after a step of another phase, as is what it stands on."""

    def there(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.replace(f"{check.phase}.", f"{phase}.", 1) for name in names)

    declared = check.declared
    if phase is Phase.DOWNGRADE:

        def declared(profile: AgentProfile) -> str:
            return check.declared(profile) or blocked_downgrade(profile)

    return replace(
        check,
        declared=declared,
        id=there((check.id,))[0],
        title=f"{check.title} (after the {phase})",
        phase=phase,
        requires=there(check.requires),
        follows=there(check.follows),
    )


def check_of(function: object) -> Check | None:
    """The description of a check function, or None for any other function."""
    found = getattr(function, "__bvt_check__", None)
    return found if isinstance(found, Check) else None
