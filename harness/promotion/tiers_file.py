"""Reads `tiers.yaml`. A mistake is one sentence with file, line and key."""

import functools
from collections.abc import Iterator
from pathlib import Path

from harness.documents.problem import Problem, nearest
from harness.documents.text import decode, read
from harness.documents.yaml_document import Document
from harness.promotion.tiers import FORMAT, Approvals, Soak, Tiers, public_key
from harness.promotion.windows import window_problem


def load_tiers(path: Path) -> tuple[Tiers, str]:
    """The tiers, and the file's text. Raises `ConfigurationError` with file, line and key for the first mistake."""
    text = decode(read(path), path)
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
