"""Somebody with one key, one role and the wish to be in beta tries everything else, by both doors."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner, SSlibKey

from harness.promotion.entries import Done, Request, What, signed
from harness.signing.envelope import read_envelope
from tests.unit.promotion.by_hand import approval
from tests.unit.promotion.doors import CommandLine, Doors, Http, in_its_time, refused_by_both
from tests.unit.promotion.invalid_gates import FAILING
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, POLICY, TIERS, World, key
from tests.unit.signing.samples import (
    NOW,
    OTHER_SIGNER,
    SIGNER,
    a_signed_gate,
    bundle_of,
    joined,
    lines_of,
)

WorldMaker = Callable[..., tuple[World, Doors]]


@pytest.fixture
def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> WorldMaker:
    """A ledger by these rules, and its doors."""

    def make(*, tiers: str = TIERS, policy: str = POLICY) -> tuple[World, Doors]:
        world = World(folder, tiers=tiers, policy=policy)
        in_its_time(world, monkeypatch)
        return world, (CommandLine(folder), Http(folder))

    return make


def entry(
    world: World, kind: type[Any], by: str = "ci", signer: CryptoSigner | None = None, **more: Any
) -> bytes:
    """An entry that asks for beta, or says that it is done, by hand."""
    fields = {"by": by, "at": world.at, "what": What.PROMOTE, "tier": "beta"}
    return signed(kind(**(fields | more)), signer or PEOPLE[by])


def test_an_entry_that_is_submitted_raw_is_judged_like_any_other(opened: WorldMaker) -> None:
    world, doors = opened()
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    record = asked.request.gate
    about: dict[str, Any] = {"request": asked.id, "candidate": AGENT.sha256}
    for words, body in (
        ("waits for 2 more of role release-manager", entry(world, Done, **about)),
        ("waits for 2 more of role release-manager", entry(world, Done, "ann", **about)),
        ("There is no request", entry(world, Done, request="00" * 32, candidate=AGENT.sha256)),
        ("its bundle is not there", entry(world, Request, candidate=AGENT, gate=record)),
    ):
        refused_by_both(world, doors, "submit", "ci", words, body=body)


def test_a_raw_request_stands_on_its_bundle_or_falls(opened: WorldMaker) -> None:
    world, doors = opened()
    world.soaked()
    record = next(iter(world.promotion.board().asked.values())).request.gate
    assert record is not None
    invented = record.model_copy(update={"bundle_sha256": "0f" * 32})
    for words, body in (
        ("There is no gate for", entry(world, Request, candidate=AGENT)),
        ("its bundle is not there", entry(world, Request, candidate=AGENT, gate=invented)),
        ("it is forged", entry(world, Request, "ci", PEOPLE["eve"], candidate=AGENT)),
    ):
        refused_by_both(world, doors, "submit", "ci", words, body=body)


def test_an_expired_policy_lets_nothing_in(opened: WorldMaker) -> None:
    expires = (NOW + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    world, doors = opened(policy=POLICY.replace("2099-01-01T00:00:00Z", expires))
    world.soaked()
    refused_by_both(
        world, doors, "promote", "ci", "The policy releases expired on", tier="beta", bundle=BUNDLE
    )


def under_two_ids() -> bytes:
    """Signed twice with one key, the second time under another name."""
    alias = SSlibKey("alias", "ed25519", "ed25519", SIGNER.public_key.keyval)
    second = CryptoSigner(SIGNER._private_key, alias)
    return joined([read_envelope(line).signed(second).line for line in lines_of(BUNDLE)])


def by_two_keys(*, gate: Any = None) -> bytes:
    """What a threshold of two asks for."""
    lines = lines_of(BUNDLE if gate is None else bundle_of(gate))
    return joined([read_envelope(line).signed(OTHER_SIGNER).line for line in lines])


def test_one_key_under_two_ids_is_one_of_two_signers(opened: WorldMaker) -> None:
    keys = f"keys: [{key(SIGNER)}, {key(OTHER_SIGNER)}], threshold: 2"
    world, doors = opened(tiers=TIERS.replace(f"keys: [{key(SIGNER)}]", keys))
    for bundle, words in (
        (BUNDLE, "1 distinct key signed, 2 are needed; a key under two ids counts once"),
        (under_two_ids(), "a key under two ids counts once"),
        (by_two_keys(gate=FAILING), "check-in.enrolled"),
    ):
        refused_by_both(world, doors, "promote", "ci", words, tier="internal", bundle=bundle)
    _, http = doors
    assert http("promote", "ci", tier="internal", bundle=by_two_keys()).status == 200


def test_a_person_with_a_second_key_or_by_a_second_way_is_one_person(opened: WorldMaker) -> None:
    world, doors = opened()
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    world.promotion.approve(asked.id, PEOPLE["ann"])
    second = CryptoSigner.generate_ed25519()
    body = approval(world, asked.id, "ann", second)
    refused_by_both(world, doors, "submit", "ann", "not signed with the key of ann: it is forged", body=body)
    # Her token over HTTP is signed by the server, her key by herself: either way it is she.
    refused_by_both(world, doors, "approve", "ann", "one person counts once", request=asked.id)
    assert not world.promotion.board().in_tier("beta")


def test_an_approval_of_an_earlier_request_is_good_for_no_later_one(opened: WorldMaker) -> None:
    world, doors = opened()
    world.soaked()
    first = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    kept = [approval(world, first.id, name) for name in ("ann", "bob")]
    world.promotion.reject(first.id, PEOPLE["cyd"], "not yet")
    world.later(minutes=1)
    again = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    assert again.id != first.id
    for body in kept:
        refused_by_both(world, doors, "submit", "ci", "is rejected already by cyd", body=body)
    elsewhere = approval(world, again.id, tier="production")
    refused_by_both(world, doors, "submit", "ann", "answers another request", body=elsewhere)


def test_a_gate_of_another_candidate_under_this_ones_name_is_refused(opened: WorldMaker) -> None:
    """The file's own digest decides, whatever the request calls it."""
    world, doors = opened()
    world.soaked()
    other = a_signed_gate().plan.candidate.model_copy(update={"sha256": "cd" * 32})
    bundle = bundle_of(a_signed_gate(candidate=other))
    refused_by_both(world, doors, "promote", "ci", "is about another candidate", tier="beta", bundle=bundle)


def test_the_way_is_open_to_whoever_does_none_of_this(opened: WorldMaker) -> None:
    """The twin: by the same doors."""
    world, (cli, http) = opened()
    world.soaked()
    asked = http("promote", "ci", tier="beta", bundle=BUNDLE)
    assert asked.status == 202
    request = next(each.id for each in world.promotion.board().asked.values() if each.request.tier == "beta")
    world.later(seconds=1)
    assert http("submit", "ci", body=approval(world, request, "ann")).status == 200
    assert cli("approve", "bob", request=request).code == 0
    assert len(world.promotion.released("beta")) == 1
