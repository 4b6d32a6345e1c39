"""What a candidate is the first to bring into a tier makes it wait longer, and for more people; nobody can deny it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.candidate import Candidate
from harness.model.errors import ConfigurationError
from harness.model.inventory import Inventory, Kind, Novel, Novelty
from harness.promotion.answer import of_request
from harness.promotion.board import Placement, State
from harness.promotion.demanding import further_approvals, soak_of
from harness.promotion.denial import Cause, Refused
from harness.promotion.entries import CandidateRef, Request, What, signed
from harness.promotion.service import Outcome
from harness.promotion.tiers import Approvals, NoveltyRule, Soak, Tier
from harness.promotion.tiers_file import tiers_of
from tests.unit.gate.samples import CANDIDATE, a_cell
from tests.unit.promotion.world import PEOPLE, TIERS, World
from tests.unit.signing.samples import bundle_of, gate_of

RULES = """\
    novelty:
      - {kinds: [driver, privilege], soak: {hours: 100}, approvals: [{role: security}]}
      - {kinds: [service], soak: {host_hours: 3000}}
"""
WITH_RULES = TIERS.replace("    soak: {hours: 48}\n", f"    soak: {{hours: 48}}\n{RULES}")
PLAIN = {kind: {f"{kind.value} one"} for kind in Kind}


def release(version: str, mark: str, inventory: Inventory | None) -> tuple[CandidateRef, bytes]:
    file: Candidate = CANDIDATE.model_copy(
        update={"version": version, "sha256": mark * 32, "inventory": inventory}
    )
    ref = CandidateRef(sha256=file.sha256, name=file.product_name, version=version)
    return ref, bundle_of(gate_of([a_cell()], candidate=file))


OLD = release("1.0.0", "0a", Inventory.of(PLAIN))
SAME = release("1.1.0", "0b", Inventory.of(PLAIN))
DRIVER = release("1.2.0", "0c", Inventory.of(PLAIN | {Kind.DRIVER: {"driver one", "bvtflt"}}))
SERVICE = release("1.3.0", "0d", Inventory.of(PLAIN | {Kind.SERVICE: {"Other"}}))
UNREAD = release("1.4.0", "0e", None)


@pytest.fixture
def world(folder: Path) -> World:
    """1.0.0 is out in beta."""
    world = World(folder, tiers=WITH_RULES)
    world.hours = 0
    world.in_internal(*OLD)
    world.later(hours=25)
    world.healthy("internal", OLD[0].sha256)
    asked = world.promotion.promote(OLD[0], "beta", OLD[1], PEOPLE["ci"]).asked
    for person in ("ann", "bob", "cyd"):  # as the first one it is all new
        world.promotion.approve(asked.id, PEOPLE[person])
    assert world.promotion.board().asked[asked.id].state is State.DONE
    world.later(hours=1)
    world.hours = 0
    return world


def asks(world: World, candidate: tuple[CandidateRef, bytes]) -> Outcome:
    world.soaked(*candidate)
    found = world.promotion.promote(candidate[0], "beta", candidate[1], PEOPLE["ci"])
    for person in ("ann", "bob"):
        found = world.promotion.approve(found.asked.id, PEOPLE[person])
    return found


def test_what_brings_nothing_new_waits_for_nobody_else(world: World) -> None:
    found = asks(world, SAME)
    assert found.done
    assert found.asked.novelty == Novelty(since="1.0.0")
    assert soak_in_beta(world, SAME[0]) == Soak(hours=48)


def soak_in_beta(world: World, candidate: CandidateRef) -> Soak:
    board = world.promotion.board()
    place = board.placement(candidate.sha256, "beta")
    assert isinstance(place, Placement)
    return soak_of(board.rules.tier("beta"), place.asked.novelty)


def test_a_first_driver_needs_a_second_approver_and_a_longer_soak(world: World) -> None:
    found = asks(world, DRIVER)
    assert [(each.cause, each.text) for each in found.waits] == [
        (
            Cause.APPROVALS,
            "It waits for 1 more of role security (cyd). New since 1.0.0: driver bvtflt.",
        )
    ]
    assert world.promotion.approve(found.asked.id, PEOPLE["cyd"]).done
    assert soak_in_beta(world, DRIVER[0]) == Soak(hours=100)
    world.later(hours=60)
    asked = world.promotion.promote(DRIVER[0], "production", DRIVER[1], PEOPLE["ann"])
    soaks = [each.text for each in asked.waits if each.cause is Cause.SOAK]
    assert len(soaks) == 1
    assert "must be 100 hours in tier beta at 100 %" in soaks[0]
    assert soaks[0].endswith("New since 1.0.0: driver bvtflt.")


def test_a_first_service_needs_host_hours_and_no_other_people(world: World) -> None:
    assert asks(world, SERVICE).done
    assert soak_in_beta(world, SERVICE[0]) == Soak(hours=48, host_hours=3000)


def test_what_is_not_known_may_be_new(world: World) -> None:
    found = asks(world, UNREAD)
    assert [each.cause for each in found.waits] == [Cause.APPROVALS]
    assert "Not known whether new: drivers, services, privileges, certificates, content fields." in (
        found.waits[0].text
    )


def test_the_release_that_was_halted_is_no_measure(world: World) -> None:
    found = asks(world, DRIVER)
    assert world.promotion.approve(found.asked.id, PEOPLE["cyd"]).done
    world.promotion.halt("1.2.0", "beta", PEOPLE["ann"], "blue screens")
    world.later(hours=1)
    world.hours = 0
    again = release("1.2.1", "0f", Inventory.of(PLAIN | {Kind.DRIVER: {"driver one", "bvtflt"}}))
    waiting = asks(world, again)
    assert waiting.asked.novelty == Novelty(
        since="1.0.0", first_used=(Novel(kind=Kind.DRIVER, name="bvtflt"),)
    )
    assert not waiting.done


def test_nobody_leaves_out_of_a_request_what_the_gate_says_is_brought(world: World) -> None:
    """The rule goes by the entry; so an entry that is silent about its driver must not come in."""
    ref, bundle = DRIVER
    record = world.promotion._ask(world.promotion.board(), bundle, ref, "internal", {}).record
    assert record is not None
    silent = record.model_copy(update={"inventory": Inventory.of(PLAIN)})
    request = Request(by="ci", at=world.at, what=What.PROMOTE, candidate=ref, tier="internal", gate=silent)
    with pytest.raises(Refused, match="what the bundle does not say"):
        world.promotion.submit(signed(request, PEOPLE["ci"]), bundle)


NOVELTIES = st.builds(
    Novelty,
    since=st.just("1"),
    first_used=st.lists(st.builds(Novel, kind=st.sampled_from(Kind), name=st.just("x")), max_size=3).map(
        tuple
    ),
    unknown=st.lists(st.sampled_from(Kind), max_size=2, unique=True).map(tuple),
)
APPROVALS = st.lists(
    st.builds(Approvals, role=st.sampled_from(["a", "b"]), count=st.integers(1, 3)), max_size=2
).map(tuple)
NOVELTY_RULES = st.lists(
    st.builds(
        NoveltyRule,
        kinds=st.lists(st.sampled_from(Kind), min_size=1, max_size=3).map(tuple),
        soak=st.builds(Soak, hours=st.integers(0, 99), host_hours=st.integers(0, 99)),
        approvals=APPROVALS,
    ),
    max_size=3,
).map(tuple)


@given(NOVELTIES, NOVELTIES, NOVELTY_RULES, st.integers(0, 50))
def test_more_that_is_new_never_asks_for_less(
    one: Novelty, more: Novelty, rules: tuple[NoveltyRule, ...], hours: int
) -> None:
    tier = Tier(name="t", request=("r",), soak=Soak(hours=hours), novelty=rules)
    both = Novelty(since="1", first_used=one.first_used + more.first_used, unknown=one.unknown + more.unknown)
    assert soak_of(tier, None) == tier.soak
    for found in (one, more):
        less, whole = soak_of(tier, found), soak_of(tier, both)
        assert tier.soak.hours <= less.hours <= whole.hours
        assert less.host_hours <= whole.host_hours
        seats = {each.role: each.count for each in further_approvals(tier, both)}
        for each in further_approvals(tier, found):
            assert each.count <= seats[each.role]
    assert further_approvals(tier, Novelty(since="1")) == ()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{kinds: [driver]}", "the rule asks for nothing."),
        ("{kinds: [], soak: {hours: 1}}", "novelty"),
        ("{kinds: [drivers], soak: {hours: 1}}", "drivers"),
        ("{kinds: [driver], approvals: [{role: securty}]}", "nobody has the role 'securty'"),
        ("{kinds: [driver], soak: {days: 1}}", "days"),
    ],
)
def test_a_wrong_rule_is_one_sentence(rule: str, words: str) -> None:
    text = TIERS.replace("    soak: {hours: 48}\n", f"    soak: {{hours: 48}}\n    novelty: [{rule}]\n")
    with pytest.raises(ConfigurationError, match=words) as refused:
        tiers_of(text, "tiers.yaml")
    assert "tiers.yaml:" in str(refused.value)


def test_what_is_new_is_said_to_scripts_and_people(world: World) -> None:
    answer = of_request(asks(world, DRIVER))
    said: dict[str, Any] = answer.document
    assert said["novelty"]["first_used"] == [{"kind": "driver", "name": "bvtflt"}]
    assert "New since 1.0.0: driver bvtflt." in "\n".join(answer.lines)
