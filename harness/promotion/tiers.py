"""`tiers.yaml`: who may let which candidate out to whom, and what must hold first."""

import base64
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from harness.documents.problem import Problem, nearest
from harness.documents.yaml_document import Document, read
from harness.model.base import Frozen, NotEmpty
from harness.model.errors import ConfigurationError
from harness.model.inventory import Kind as NoveltyKind
from harness.promotion.windows import ChangeWindow, window_problem
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
    max_silent: Share = Field(default=0.02, description="offered or running it, and not heard of any more")
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


def load_tiers(path: Path) -> tuple[Tiers, str]:
    """The tiers, and the file's text. Raises `ConfigurationError` with file, line and key for the first mistake."""
    raw = read(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError("the file is not UTF-8.", file=str(path), line=line) from None
    return tiers_of(text, str(path)), text


@functools.lru_cache(maxsize=32)
def tiers_of(text: str, file: str) -> Tiers:
    """The tiers in a text that is called `file`. Raises `ConfigurationError`."""
    document = Document(file, text, described_in=FORMAT)
    tiers = document.read_as(Tiers)
    if problems := list(_problems(tiers)):
        raise document.error(problems)
    return tiers


def _problems(tiers: Tiers) -> Iterator[Problem]:
    yield from _keys(tiers)
    roles = {role: 0 for person in tiers.people.values() for role in person.roles}
    for person in tiers.people.values():
        for role in set(person.roles):
            roles[role] += 1
    yield from _servers(tiers)
    yield from _approvals(tiers.change_tiers, ("change_tiers",), roles)
    seen: set[str] = set()
    for place, tier in enumerate(tiers.tiers):
        at: tuple[str | int, ...] = ("tiers", place)
        if tier.name in seen:
            yield Problem((*at, "name"), f"there are two tiers {tier.name!r}.")
        seen.add(tier.name)
        for number, role in enumerate(tier.request):
            if role not in roles:
                hint = nearest(role, sorted(roles), label="Roles")
                yield Problem((*at, "request", number), f"nobody has the role {role!r}.", hint)
        yield from _approvals(tier.approvals, (*at, "approvals"), roles)
        yield from _approvals(tier.resume or (), (*at, "resume"), roles)
        for number, rule in enumerate(tier.novelty):
            yield from _approvals(rule.approvals, (*at, "novelty", number, "approvals"), roles)
            if not rule.approvals and rule.soak == Soak():
                text = "the rule asks for nothing."
                yield Problem((*at, "novelty", number), text, "Give it a soak, or approvals.")
        if any(later <= earlier for earlier, later in zip(tier.steps, tier.steps[1:], strict=False)):
            yield Problem((*at, "steps"), "the steps must rise.")
        for number, window in enumerate(tier.change_windows):
            if message := window_problem(window):
                yield Problem((*at, "change_windows", number), message)


def _keys(tiers: Tiers) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    places: list[tuple[tuple[str | int, ...], str, str]] = [
        (("people", name, "key"), name, person.key) for name, person in tiers.people.items()
    ]
    gate_keys: set[str] = set()
    for path, name, text in places:
        try:
            fingerprint = public_key(text).fingerprint
        except ValueError:
            yield Problem(path, "this is no public key.", "Copy the lines between BEGIN and END of NAME.pub.")
            continue
        if (other := owners.setdefault(fingerprint, name)) != name:
            yield Problem(path, f"{other} has the same key: two people would be one.")
    for number, text in enumerate(tiers.gates.keys):
        try:
            gate_keys.add(public_key(text).fingerprint)
        except ValueError:
            hint = "Copy the lines between BEGIN and END of NAME.pub."
            yield Problem(("gates", "keys", number), "this is no public key.", hint)
    if len(gate_keys) < tiers.gates.threshold and len(gate_keys) == len(tiers.gates.keys):
        message = f"{tiers.gates.threshold} keys must sign, and there are {len(gate_keys)} different ones."
        yield Problem(("gates", "threshold"), message)


def _servers(tiers: Tiers) -> Iterator[Problem]:
    for name, person in tiers.people.items():
        for number, server in enumerate(person.via):
            place = ("people", name, "via", number)
            if server == name:
                yield Problem(place, "nobody signs for themselves over a server.", "Name the server.")
            elif server not in tiers.people:
                hint = nearest(server, sorted(tiers.people), label="People")
                yield Problem(place, f"nobody is called {server!r}.", hint)
            elif tiers.people[server].via:
                yield Problem(place, f"{server} is served by another server itself.")


def _approvals(
    rules: tuple[Approvals, ...], path: tuple[str | int, ...], roles: dict[str, int]
) -> Iterator[Problem]:
    for number, rule in enumerate(rules):
        have = roles.get(rule.role, 0)
        if not have:
            hint = nearest(rule.role, sorted(roles), label="Roles")
            yield Problem((*path, number, "role"), f"nobody has the role {rule.role!r}.", hint)
        elif have < rule.count:
            message = f"{rule.count} people of role {rule.role!r} must agree, and {have} have it."
            yield Problem((*path, number, "count" if rule.count > 1 else "role"), message)
