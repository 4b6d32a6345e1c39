"""Which version a host gets: a pure function of the host, the release's state and the time.

What holds, whatever comes (tests/unit/rollout/test_decision.py):

- *Sticky*: the same host gets the same answer at every poll; no draw is made per request.
- *Monotone*: who is within 1 % is within 5 %. What a host has it keeps when the percentage is lowered.
- *Independent*: each release has its own order of hosts.
- *Deny unless*: a ring that the release has not reached, a halt, safe mode: the baseline.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from harness.model.errors import ConfigurationError
from harness.rollout.hours import Hours
from harness.rollout.share import ALL, Share, place, salt

OPEN_RING = "production"
"""The ring of every host that belongs to no other, or did not opt in to the one it is in."""


LEAST_PERIOD_S = 1.0


class State(StrEnum):
    """What people (or the halt rule) decided about a release."""

    RUNNING = "running"
    HALTED = "halted"
    """Nobody new gets it; who has it keeps it."""
    WITHDRAWN = "withdrawn"
    """Who has it gets another version."""


class Reason(StrEnum):
    """Why a host gets what it gets."""

    SELECTED = "selected"
    HAS_IT = "has it already"
    SHARE = "not within the percentage"
    RING = "the release has not reached its ring"
    SAFE_MODE = "in safe mode"
    HOURS = "outside office hours"
    MAXIMUM = "the maximum of this period is reached"
    HALTED = "the release is halted"
    WITHDRAWN = "the release is withdrawn"


class Group(StrEnum):
    """On which side the halt rule counts a host from this answer on."""

    CANDIDATE = "candidate"
    CONTROL = "control"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host that asks."""

    id: str
    version: str = ""
    """What it runs; empty: unknown."""
    ring: str = OPEN_RING
    opted_in: bool = False
    safe_mode: bool = False
    """It started in Windows' safe mode, or its agent without its driver."""
    utc_offset_min: int = 0
    offered: bool = False
    """The release was offered to it before, so it counts against no maximum any more."""


@dataclass(frozen=True)
class Maximum:
    """No more than `hosts` get the release anew in a period. Periods begin at multiples of `period_s` of Unix time."""

    hosts: int
    period_s: float

    def __post_init__(self) -> None:
        if self.hosts < 1 or not LEAST_PERIOD_S <= self.period_s < float("inf"):
            raise ConfigurationError("a maximum needs at least one host and a period of 1 s or more.")

    def period(self, now: float) -> int:
        """The number of the period."""
        return int(now // self.period_s)

    def wait_s(self, now: float) -> float:
        """Seconds until the next period."""
        return (self.period(now) + 1) * self.period_s - now


@dataclass(frozen=True, slots=True)
class Decision:
    """The version that a host is to have, and why. `wait_s`: when asking again makes a difference; 0: unknown."""

    version: str
    reason: Reason
    group: Group = Group.NEITHER
    wait_s: float = 0.0

    @property
    def waits(self) -> bool:
        """The host is within the percentage and will get the release later."""
        return self.reason in (Reason.HOURS, Reason.MAXIMUM)


@dataclass(frozen=True)
class Rollout:
    """A release on its way to the hosts. Make it once and ask it often: bounds are reckoned when it is made."""

    release: str
    """Names it for ever: version and digest. Another id is another order of hosts."""
    version: str
    baseline: str
    """What everybody else gets."""
    shares: Mapping[str, Share]
    """By ring. A ring that is not there has not been reached."""
    state: State = State.RUNNING
    opt_in: frozenset[str] = frozenset()
    """Rings whose hosts must have opted in."""
    hours: Hours | None = None
    maximum: Maximum | None = None
    controls: int = 10
    """Control hosts for each candidate host, as far as there are any."""
    fallback: str = ""
    """What who has it gets when it is withdrawn; empty: the baseline."""
    _bounds: dict[str, tuple[bytes, bytes]] = field(init=False, repr=False, compare=False)
    _salt: bytes = field(init=False, repr=False, compare=False)
    _plain: dict[Reason, Decision] = field(init=False, repr=False, compare=False)
    _control: Decision = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.version or not self.baseline or self.version == self.baseline:
            raise ConfigurationError("a roll-out needs a version and another one as its baseline.")
        if self.fallback == self.version:
            raise ConfigurationError("a roll-out that is withdrawn needs another version to fall back to.")
        if self.controls < 1:
            raise ConfigurationError("a roll-out needs at least one control host for each candidate host.")
        put = object.__setattr__  # the dataclass is frozen
        put(self, "_salt", salt(self.release))
        put(
            self,
            "_bounds",
            {ring: (share.bound(), self._control_bound(share)) for ring, share in self.shares.items()},
        )
        versions = {Reason.SELECTED: self.version, Reason.HAS_IT: self.version}
        put(
            self,
            "_plain",
            {
                reason: Decision(
                    versions.get(reason, self.baseline),
                    reason,
                    Group.CANDIDATE if reason is Reason.SELECTED else Group.NEITHER,
                )
                for reason in Reason
            },
        )
        put(self, "_control", Decision(self.baseline, Reason.SHARE, Group.CONTROL))

    def decide(self, endpoint: Endpoint, now: float, spent: int = 0) -> Decision:
        """The version for `endpoint` at Unix time `now`.

        `spent` says how many hosts got the release anew in this period.
        """
        plain = self._plain
        if endpoint.version == self.version:
            if self.state is State.WITHDRAWN:
                return Decision(self.fallback or self.baseline, Reason.WITHDRAWN)
            # A host that came up in safe mode is led back to what is known to be good.
            return plain[Reason.SAFE_MODE if endpoint.safe_mode else Reason.HAS_IT]
        if self.state is not State.RUNNING:
            return plain[Reason.HALTED if self.state is State.HALTED else Reason.WITHDRAWN]
        bounds = self._bounds.get(self.ring_of(endpoint))
        if bounds is None:
            return plain[Reason.RING]
        if endpoint.safe_mode:
            return plain[Reason.SAFE_MODE]
        digest = place(self._salt, endpoint.id)
        if digest < bounds[0]:
            return self._now_or_later(endpoint, now, spent)
        if digest >= bounds[1] and not self._closed_s(endpoint, now):
            return self._control
        return plain[Reason.SHARE]

    def ring_of(self, endpoint: Endpoint) -> str:
        """The ring that a host counts in."""
        ring = endpoint.ring
        return OPEN_RING if ring in self.opt_in and not endpoint.opted_in else ring

    def within(self, endpoint: str, ring: str) -> bool:
        """Whether a host of this id is within the percentage of a ring that it counts in."""
        bounds = self._bounds.get(ring)
        return bounds is not None and place(self._salt, endpoint) < bounds[0]

    def _now_or_later(self, endpoint: Endpoint, now: float, spent: int) -> Decision:
        if wait_s := self._closed_s(endpoint, now):
            return Decision(self.baseline, Reason.HOURS, wait_s=wait_s)
        if self.maximum is not None and not endpoint.offered and spent >= self.maximum.hosts:
            return Decision(self.baseline, Reason.MAXIMUM, wait_s=self.maximum.wait_s(now))
        return self._plain[Reason.SELECTED]

    def _closed_s(self, endpoint: Endpoint, now: float) -> float:
        """Holds for control hosts too: by night many hosts are off, and the groups would not be alike."""
        return 0.0 if self.hours is None else self.hours.wait_s(now, endpoint.utc_offset_min)

    def _control_bound(self, share: Share) -> bytes:
        """Control hosts are the last in the order, so that a rising percentage reaches them last."""
        control = min(share.part * self.controls, 1 - share.part)
        return Share(1 - control).bound() if control else ALL
