"""`serve.yaml`: where to listen, who may ask, which releases are on their way."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from harness.model.base import Frozen, NotEmpty, Seconds
from harness.rollout.decision import Maximum, Rollout, State
from harness.rollout.halt import HaltRule
from harness.rollout.hours import Hours
from harness.rollout.share import Share


class Scope(StrEnum):
    """What a token is good for."""

    DECIDE = "decide"
    HEALTH = "health"
    READ = "read"
    HALT = "halt"
    METRICS = "metrics"
    PROMOTE = "promote"
    APPROVE = "approve"


PERSONAL = frozenset({Scope.PROMOTE, Scope.APPROVE})
"""Scopes that are good for nothing without a person."""


class Token(Frozen):
    """Somebody who may ask. The file holds the token's digest, never the token."""

    name: NotEmpty
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    per_s: Annotated[float, Field(gt=0)] = 10_000.0
    """Requests a second, over all workers together."""
    person: str = ""
    """Who acts with it on the ledger, as tiers.yaml calls them."""

    @property
    def how(self) -> str:
        """What the ledger says of how the person was recognised."""
        return f"token {self.name}"


class Known(Frozen):
    """Somebody whom a provider of identities vouches for: who that is here, and what they may do."""

    person: NotEmpty
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)] = (Scope.READ,)


class Oidc(Frozen):
    """A provider of identities (OpenID Connect), by which people log in to the board."""

    issuer: Annotated[str, Field(pattern="^https?://[^?#]+$")]
    client_id: NotEmpty
    secret_from: Annotated[str, Field(pattern="^([A-Za-z_][A-Za-z0-9_]*)?$")] = ""
    """The environment's variable that holds the client's secret; none for a public client."""
    claim: NotEmpty = "email"
    """What is looked up in `people`. An address counts only if the provider says that it has verified it."""
    people: Annotated[dict[NotEmpty, Known], Field(min_length=1)]
    hours: Annotated[float, Field(gt=0, le=24 * 7)] = 8.0
    """How long somebody stays logged in."""


class Tls(Frozen):
    """PEM files."""

    certificate: Path
    key: Path


class MaximumSettings(Frozen):
    """New hosts in a period."""

    hosts: Annotated[int, Field(ge=1)]
    period_s: Seconds


class Release(Frozen):
    """A release on its way. The order in the file counts: the first that a host is to have is the one that it gets."""

    product: NotEmpty
    release: NotEmpty
    version: NotEmpty
    baseline: NotEmpty
    shares: dict[str, str | float] = Field(default_factory=dict)
    """By ring. With a ledger they come from there."""
    candidate: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    """SHA-256 of the candidate, by which the ledger knows it."""
    opt_in: frozenset[str] = frozenset({"beta"})
    hours: tuple[str, ...] = ()
    maximum: MaximumSettings | None = None
    controls: Annotated[int, Field(ge=1, le=1000)] = 10
    fallback: str = ""
    withdrawn: bool = False
    halted: bool = False

    def rollout(self, *, halted: bool = False) -> Rollout:
        """The rule for this release. Raises `ConfigurationError`."""
        state = (
            State.WITHDRAWN if self.withdrawn else State.HALTED if halted or self.halted else State.RUNNING
        )
        return Rollout(
            self.release,
            self.version,
            self.baseline,
            {ring: Share.parse(share) for ring, share in self.shares.items()},
            state,
            self.opt_in,
            Hours.parse(self.hours) if self.hours else None,
            Maximum(self.maximum.hosts, self.maximum.period_s) if self.maximum else None,
            self.controls,
            self.fallback,
        )


class Settings(Frozen):
    """The whole file."""

    listen: Annotated[str, Field(pattern=r"^.+:\d{1,5}$")] = "127.0.0.1:8480"
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    tls: Tls | None = None
    tokens: tuple[Token, ...]
    rule: HaltRule = HaltRule()
    assess_every_s: Seconds = 10.0
    rollouts: tuple[Release, ...] = ()
    ledger: str = ""
    """A file, or `postgresql://USER@HOST/DATABASE`: only what it lets out is offered to anybody."""
    ledger_key: str = ""
    """The server's private key, a PEM file or a URI, which signs for people whom tiers.yaml lets it sign for."""
    ledger_public_key: str = ""
    """The public half, in PEM, of a `ledger_key` that is no file."""
    report_health_s: Seconds = 3600.0
    """How often the server reports the health of what is out, if its key is that of somebody with the role health."""
    notify: str = ""
    """A file with destinations."""
    playbooks: str = ""
    """A file with playbooks, which tell the destinations of `notify`."""
    public_url: Annotated[str, Field(pattern="^(https?://.+)?$")] = ""
    """Where people reach this server: what links in messages begin with."""
    oidc: Oidc | None = None
    link_hours: Annotated[float, Field(gt=0, le=24 * 31)] = 24.0

    @field_validator("tokens")
    @classmethod
    def _apart(cls, tokens: tuple[Token, ...], _: ValidationInfo) -> tuple[Token, ...]:
        for what, each in (("name", [t.name for t in tokens]), ("digest", [t.sha256 for t in tokens])):
            if len(set(each)) < len(each):
                raise ValueError(f"two tokens have the same {what}")
        return tokens

    @property
    def host(self) -> str:
        """Where to listen, without the port."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """0: any free one."""
        return int(self.listen.rpartition(":")[2])
