"""Whatever the command line refuses, HTTP refuses in the very same words, and nothing is changed by either."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.gate.waivers import waived_gate
from harness.promotion.acting import OnBehalf
from harness.promotion.entries import Approval, Via, What, signed
from harness.signing.envelope import Envelope
from tests.unit.promotion.by_hand import approval
from tests.unit.promotion.conftest import a_folder
from tests.unit.promotion.doors import SCOPES, CommandLine, Doors, Http, in_its_time, refused_by_both, token
from tests.unit.promotion.invalid_gates import FAILING, INVALID_GATES
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, World
from tests.unit.signing.people import BEN, a_waiver
from tests.unit.signing.people import signed as signed_waiver
from tests.unit.signing.samples import NOW, a_signed_gate, bundle_of


@pytest.fixture
def doors(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Doors:
    in_its_time(world, monkeypatch)
    return CommandLine(folder), Http(folder)


@pytest.fixture(scope="module")
def soaked() -> Iterator[tuple[World, Doors]]:
    """One ledger for all that changes nothing: the candidate may ask for beta."""
    with pytest.MonkeyPatch.context() as patch, a_folder() as folder:
        world = World(folder)
        in_its_time(world, patch)
        world.soaked()
        yield world, (CommandLine(folder), Http(folder))


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[World, Doors, dict[str, str]]]:
    """Another one, with a request for beta that ann has approved."""
    with pytest.MonkeyPatch.context() as patch, a_folder() as folder:
        world = World(folder)
        in_its_time(world, patch)
        world.soaked()
        done = next(iter(world.promotion.board().asked))
        open_ = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked.id
        world.promotion.approve(open_, PEOPLE["ann"])
        yield world, (CommandLine(folder), Http(folder)), {"DONE": done, "OPEN": open_}


def waived_by_its_author() -> bytes:
    """The model cannot even write it, so its text is edited, and signed by the author alone."""
    waiver = a_waiver()
    good = signed_waiver(waiver, BEN)
    bad = Envelope(good.payload.replace(b'"ana"', b'"ben"'), good.payload_type, {}).signed(BEN)
    return bundle_of(waived_gate(FAILING, [waiver], NOW), waivers=[bad])


GATES: dict[str, tuple[Callable[[], bytes | None], str]] = {
    "missing": (lambda: None, "There is no gate for"),
    **{name: (make, words) for name, (make, words, _) in INVALID_GATES.items()},
    "waived by its author": (waived_by_its_author, "approved by ben, its own author"),
}


@pytest.mark.parametrize("name", GATES)
def test_no_invalid_gate_opens_beta_by_either_door(soaked: tuple[World, Doors], name: str) -> None:
    world, doors = soaked
    make, words = GATES[name]
    refused_by_both(world, doors, "promote", "ci", words, tier="beta", bundle=make())


def test_a_replayed_or_stale_gate_opens_beta_by_neither_door(world: World, doors: Doors) -> None:
    world.soaked(bundle=bundle_of(a_signed_gate(), now=NOW + timedelta(minutes=30)))
    refused_by_both(world, doors, "promote", "ci", "older than one already known", tier="beta", bundle=BUNDLE)
    world.later(days=8)
    refused_by_both(world, doors, "promote", "ci", "days old", tier="beta", bundle=BUNDLE)


REFUSED: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "approved by who asked": ("approve", "ci", {"request": "OPEN"}, "nobody approves what they asked for"),
    "approved twice": ("approve", "ann", {"request": "OPEN"}, "one person counts once"),
    "approved without the role": ("approve", "own", {"request": "OPEN"}, "has not the role"),
    "rejected without the role": ("reject", "own", {"request": "OPEN"}, "has not the role"),
    "approved after it was done": ("approve", "cyd", {"request": "DONE"}, "is done already"),
    "asked twice by another": ("promote", "ann", {"tier": "internal", "bundle": BUNDLE}, "already"),
    "asked without the role": ("promote", "own", {"tier": "production", "bundle": BUNDLE}, "takes the role"),
    "raised past a step": (
        "raise",
        "ann",
        {"candidate": "1.2.3", "tier": "internal", "percent": 5},
        "at its last step",
    ),
    "resumed without a halt": ("resume", "ann", {"candidate": "1.2.3", "tier": "internal"}, "not halted"),
    "rolled back without a way": (
        "rollback",
        "ann",
        {"candidate": "1.2.3", "tier": "internal"},
        "there is none to roll back to",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_every_other_refusal_is_the_same_sentence_too(
    asked: tuple[World, Doors, dict[str, str]], name: str
) -> None:
    world, doors, ids = asked
    action, by, about, words = REFUSED[name]
    about = {key: ids[value] if key == "request" else value for key, value in about.items()}
    refused_by_both(world, doors, action, by, words, **about)


def test_a_halt_takes_one_person_and_a_second_one_is_refused(world: World, doors: Doors) -> None:
    cli, http = doors
    world.in_internal()
    about = {"candidate": "1.2.3", "tier": "internal"}
    said = http("halt", "bot2", **about)
    assert (said.status, said.lines) == (401, ["a token is needed: Authorization: Bearer TOKEN."])
    said = http("halt", "reader", **about)
    assert (said.status, said.lines) == (403, ["token reader is nobody's: name its person in serve.yaml."])
    said = http("halt", "oda", **about)
    assert said.status == 409, "tiers.yaml does not let the server sign for her"
    assert "srv may not sign for oda" in said
    assert http("halt", "ann", **about).status == 200
    halt = world.promotion.board().in_tier("internal")[0].halted
    assert halt is not None
    assert (halt.by, halt.via) == ("ann", Via(key="srv", how="token ann"))
    refused_by_both(world, doors, "halt", "ann", "is halted already, by ann", **about)
    said = http("resume", "ci", **about)
    assert (said.status, "waits for 1 more" in said) == (202, True), said.lines
    assert cli("resume", "ci", **about).lines == said.lines


def test_forged_replayed_and_misbound_entries_are_refused_by_both(world: World, doors: Doors) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    good = approval(world, asked.id)
    via = Via(key="srv", how="token ann")
    for words, body in (
        (
            "It is not signed with the key of ann: it is forged.",
            approval(world, asked.id, "ann", PEOPLE["bob"]),
        ),
        ("It is not signed with the key of srv: it is forged.", approval(world, asked.id, "ann", via=via)),
        ("bob may not sign for ann", approval(world, asked.id, "ann", PEOPLE["bob"], via=Via(key="bob"))),
        ("srv may not sign for oda", approval(world, asked.id, "oda", PEOPLE["srv"], via=via)),
        ("Nobody in tiers.yaml is called 'eve'", approval(world, asked.id, "eve", PEOPLE["srv"], via=via)),
        ("answers another request", approval(world, asked.id, candidate="cd" * 32)),
        ("answers another request", approval(world, asked.id, tier="production")),
        ("no DSSE envelope", b"{}"),
    ):
        refused_by_both(world, doors, "submit", "ann", words, body=body)
    _, http = doors
    assert http("submit", "ci", body=good).status == 200
    refused_by_both(world, doors, "submit", "ann", "is in the ledger already", body=good)


def test_a_link_works_once_whatever_it_brings(world: World) -> None:
    """The ledger itself keeps what was used, so no other server and no restart forgets it."""
    world.in_internal()
    ann = OnBehalf(PEOPLE["srv"], "ann", "link", link="ab" * 16)
    world.promotion.halt("1.2.3", "internal", ann)
    asked = world.promotion.resume("1.2.3", "internal", PEOPLE["ci"]).asked
    with pytest.raises(Exception, match=r"The link was used already, by ann at .*: it works once\."):
        world.promotion.approve(asked.id, ann)
    forged = Approval(
        by="bob",
        via=Via(key="srv", link="ab" * 16),
        at=world.at,
        request=asked.id,
        what=What.RESUME,
        candidate=AGENT.sha256,
        tier="internal",
    )
    with pytest.raises(Exception, match="it works once"):
        world.promotion.submit(signed(forged, PEOPLE["srv"]))


def test_the_way_into_beta_by_http_alone(world: World, doors: Doors) -> None:
    _, http = doors
    assert http("promote", "ci", tier="internal", bundle=BUNDLE).status == 200
    world.later(hours=25)
    world.healthy("internal")
    said = http("promote", "ci", tier="beta", bundle=BUNDLE)
    assert said.status == 202
    [asked] = http.ask("GET", "/v1/promotions", "reader").json()["requests"]
    assert (asked["by"], asked["tier"], asked["waits"][0]["cause"]) == ("ci", "beta", "approvals")
    assert http("approve", "ann", request=asked["request"]).status == 202
    assert http("approve", "bob", request=asked["request"]).status == 200
    assert [str(each.candidate.version) for each in world.promotion.released("beta")] == ["1.2.3"]
    assert world.promotion.board().ignored == []
    assert http("approve", "ann", request="abcdef").status == 404


def test_the_scope_decides_beside_the_person(folder: Path, world: World) -> None:
    http = Http(folder, tokens=[token("ann", ["read"], person="ann"), token("bob", SCOPES, person="bob")])
    for path, scope in (
        ("/v1/promotions", "promote"),
        ("/v1/promotions/abcdef/approve", "approve"),
        ("/v1/promotions/abcdef/reject", "approve"),
        ("/v1/tiers/beta/1/halt", "halt"),
        ("/v1/tiers/beta/1/rollback", "halt"),
        ("/v1/tiers/beta/1/resume", "promote"),
        ("/v1/tiers/beta/1/raise", "promote"),
        ("/v1/entries", "promote"),
    ):
        said = http.post(path, {}, "ann")
        assert (said.status, said.lines) == (403, [f"token ann lacks the scope {scope}."])
    paths = http.ask("GET", "/openapi.json").json()["paths"]
    assert {path for path in paths if "post" in paths[path]} >= {
        "/v1/promotions",
        "/v1/promotions/{request}/approve",
        "/v1/tiers/{tier}/{candidate}/halt",
        "/v1/entries",
    }
    assert http.post("/v1/promotions", {"tier": "beta"}, "bob").lines == [
        "the body: the key 'candidate' is missing."
    ]
    json.dumps(paths)
