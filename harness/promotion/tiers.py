"""`tiers.yaml`: who may let which candidate out to whom, and what must hold first."""

import base64
import functools
import re
from typing import Annotated, Literal

from pydantic import Field

from harness.documents.problem import nearest
from harness.model.base import Frozen, NotEmpty
from harness.model.errors import ConfigurationError
from harness.model.inventory import Kind as NoveltyKind
from harness.promotion.windows import ChangeWindow
from harness.rollout.halt import HaltRule
from harness.signing.keys import TrustedKey

FORMAT = "docs/promotion.md"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
Percent = Annotated[float, Field(gt=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(ge=0, le=24 * 3660)]


class Person(Frozen):
    """Somebody, or something, that signs. Known by a key, not by the name."""

    key: NotEmpty = Field(description="what stands between BEGIN PUBLIC KEY and END PUBLIC KEY of NAME.pub")
    roles: tuple[Name, ...] = Field(min_length=1)
    via: tuple[NotEmpty, ...] = Field(
        default=(), description="names whose keys may sign what this person does over HTTP: the server's"
    )


class Approvals(Frozen):
    """So many people of a role. One person counts once, whoever asks counts never."""

    role: Name
    count: int = Field(default=1, ge=1, le=20)


class GateKeys(Frozen):
    """Whose signature makes a gate."""

    keys: tuple[NotEmpty, ...] = Field(min_length=1, description="public keys, as of people")
    threshold: int = Field(default=1, ge=1, description="so many of them, all different")


class Soak(Frozen):
    """How long a candidate must have been out: by the clock, and in hours that hosts ran it."""

    hours: Hours = 0
    host_hours: float = Field(default=0, ge=0)


class HealthBounds(Frozen):
    """What the newest report of health must say. Shares are of the hosts that run the candidate, from 0 to 1."""

    min_hosts: int = Field(default=1, ge=1)
    max_crashed: Share = 0
    max_silent: Share = Field(
        default=0.06,
        description="offered it and not heard of; of the hosts without it some three in a hundred are",
    )
    max_uninstalled: Share = Field(default=0.01)
    max_age_hours: Hours = Field(default=24, description="of the report: silence is no health")
    judged: bool = Field(
        default=True, description="below 100 % a report with the halt rule's answer must say healthy"
    )


class NoveltyRule(Frozen):
    """What a candidate must do besides, if it is the first to bring something of these kinds, or may be."""

    kinds: tuple[NoveltyKind, ...] = Field(min_length=1)
    soak: Soak = Field(default=Soak(), description="at least so long in this tier, at each step")
    approvals: tuple[Approvals, ...] = Field(default=(), description="besides those of the tier")


class Tier(Frozen):
    """One ring of hosts. The order in the file is the order of promotion."""

    name: Name
    title: str = ""
    opt_in: bool = Field(default=False, description="only hosts whose owner asked for it")
    policy: str = Field(
        default="", description="tier of gate-policy.yaml that judges the gate; empty: of this name"
    )
    request: tuple[Name, ...] = Field(min_length=1, description="roles that may ask")
    approvals: tuple[Approvals, ...] = ()
    resume: tuple[Approvals, ...] | None = Field(
        default=None, min_length=1, description="to go on after a halt; like approvals if not given"
    )
    steps: tuple[Percent, ...] = Field(
        default=(100,), min_length=1, description="per cent of the hosts, rising"
    )
    soak: Soak = Field(default=Soak(), description="at each step, and before the next tier")
    novelty: tuple[NoveltyRule, ...] = Field(
        default=(), description="asked of what the last release in this tier did not bring"
    )
    health: HealthBounds | None = Field(default=None, description="before the next step and the next tier")
    change_windows: tuple[ChangeWindow, ...] = Field(default=(), description="empty: at any time")

    @property
    def judged_as(self) -> str:
        """The tier of the gate policy."""
        return self.policy or self.name

    @property
    def to_resume(self) -> tuple[Approvals, ...]:
        """Who must agree before a halted candidate goes on. Never nobody: one person halts, another one resumes."""
        return self.resume or self.approvals or (Approvals(role=self.request[0]),)


class Tiers(Frozen):
    """`tiers.yaml`."""

    schema_version: Literal[1]
    people: dict[NotEmpty, Person] = Field(min_length=1)
    gates: GateKeys
    change_tiers: tuple[Approvals, ...] = Field(
        min_length=1, description="who must agree to another tiers.yaml"
    )
    request_valid_hours: float = Field(default=168, gt=0, le=24 * 366)
    action_hosts: int = Field(
        default=0, ge=0, description="a configuration change that reaches more hosts is a release, no action"
    )
    halt_rule: HaltRule = Field(
        default=HaltRule(), description="what halts a roll-out by itself: docs/rollout.md"
    )
    tiers: tuple[Tier, ...] = Field(min_length=1)

    def tier(self, name: str) -> Tier:
        """The tier of this name. Raises `ConfigurationError`, which lists those that there are."""
        names = [tier.name for tier in self.tiers]
        if name not in names:
            raise ConfigurationError(f"there is no tier {name!r}.", hint=nearest(name, names, label="Tiers"))
        return self.tiers[names.index(name)]

    def before(self, name: str) -> Tier | None:
        """The tier that a candidate must have been in; None for the first."""
        place = [tier.name for tier in self.tiers].index(name)
        return self.tiers[place - 1] if place else None

    def key_of(self, person: str) -> TrustedKey | None:
        """The key of somebody; None for a stranger."""
        return public_key(self.people[person].key) if person in self.people else None

    def name_of(self, fingerprint: str) -> str | None:
        """Whose key this is."""
        return next(
            (
                name
                for name, person in self.people.items()
                if public_key(person.key).fingerprint == fingerprint
            ),
            None,
        )


@functools.lru_cache(maxsize=256)
def public_key(text: str) -> TrustedKey:
    """The key in base64, as a `.pub` file has it between its first and last line. Raises `ValueError`."""
    body = re.sub(r"\s+|-----[A-Z ]+-----", "", text)
    base64.b64decode(body, validate=True)
    return TrustedKey.of_pem(f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n".encode())
