"""`serve.yaml`: where to listen, who may ask, which releases are on their way."""

import importlib.util
import ipaddress
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from harness.documents.problem import Problem
from harness.documents.yaml_document import load
from harness.model.base import Frozen, NotEmpty, Seconds
from harness.model.errors import ConfigurationError
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


def load_settings(path: Path) -> Settings:
    """The settings. Raises `ConfigurationError` for any mistake."""
    return load(path, Settings, _problems)[0]


def _problems(settings: Settings) -> Sequence[Problem]:
    problems = []
    if settings.tls is None and not _loopback(settings.host):
        hint = "Name certificate and key under tls, or listen on 127.0.0.1."
        problems.append(
            Problem(("listen",), f"{settings.host!r} is not loopback, and there is no TLS.", hint)
        )
    problems += _by_ledger(settings)
    problems += _people(settings)
    seen: set[str] = set()
    for number, release in enumerate(settings.rollouts):
        try:
            release.rollout()
        except ConfigurationError as error:
            problems.append(Problem(("rollouts", number), str(error)))
        if release.release in seen:
            problems.append(Problem(("rollouts", number, "release"), "another release has the same id."))
        seen.add(release.release)
    return problems


def _by_ledger(settings: Settings) -> list[Problem]:
    """With a ledger nothing beside it may let a release out; without one nothing else does."""
    problems = []
    for number, release in enumerate(settings.rollouts):
        place = ("rollouts", number)
        if settings.ledger and not release.candidate:
            problems.append(
                Problem(place, "the key 'candidate' is missing: the ledger knows it by its SHA-256.")
            )
        elif settings.ledger and release.shares:
            problems.append(Problem((*place, "shares"), "the ledger says the shares.", "Leave out shares."))
        elif not settings.ledger and not release.shares:
            problems.append(Problem(place, "the key 'shares' is missing, and there is no ledger."))
    return problems


def _people(settings: Settings) -> list[Problem]:
    """Who acts on the ledger is a person, and needs a ledger and a key that signs."""
    problems = []
    if settings.ledger_key and not settings.ledger:
        problems.append(Problem(("ledger_key",), "there is no ledger that it could sign in.", "Name ledger."))
    if settings.notify and not settings.ledger:
        problems.append(Problem(("notify",), "there is no ledger to tell of.", "Name ledger."))
    if settings.playbooks and not settings.notify:
        problems.append(Problem(("playbooks",), "there is nobody whom they could tell.", "Name notify."))
    if settings.public_url and not settings.ledger_key:
        hint = "Name ledger and ledger_key."
        problems.append(Problem(("public_url",), "links answer in the ledger, and no key signs there.", hint))
    problems += _by_provider(settings)
    for number, token in enumerate(settings.tokens):
        place = ("tokens", number)
        wanted = sorted(scope.value for scope in PERSONAL & set(token.scopes))
        if wanted and not token.person:
            message = f"the scope {wanted[0]} takes a person."
            problems.append(Problem(place, message, "Add person: the name in tiers.yaml."))
        if token.person and not settings.ledger_key:
            message = "a person acts on the ledger, and the server has no key that signs there."
            problems.append(Problem((*place, "person"), message, "Name ledger and ledger_key."))
    return problems


def _by_provider(settings: Settings) -> list[Problem]:
    oidc = settings.oidc
    if oidc is None:
        return []
    problems = []
    missing = [name for name in ("authlib", "joserfc") if importlib.util.find_spec(name) is None]
    if missing:
        hint = "Install the harness with its extra: agent-bvt[sso]."
        problems.append(Problem(("oidc",), f"this needs {' and '.join(missing)}.", hint, at_key=True))
    if not settings.public_url:
        hint = "Name public_url: where people reach this server."
        problems.append(
            Problem(("oidc",), "the provider must know where to send people back.", hint, at_key=True)
        )
    address = urlsplit(oidc.issuer)
    if address.scheme != "https" and not _loopback(address.hostname or ""):
        problems.append(Problem(("oidc", "issuer"), "it is not https, so anybody could vouch for anybody."))
    if oidc.secret_from and oidc.secret_from not in os.environ:
        text = f"the environment has no {oidc.secret_from}."
        problems.append(Problem(("oidc", "secret_from"), text, "Set it before the server starts."))
    return problems


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
