"""What a release is the first to bring: nothing of its own is new to it, and what is not known is never called old."""

from hypothesis import given
from hypothesis import strategies as st

from harness.gate.differences import difference
from harness.model.inventory import Inventory, Kind, Novel, Novelty, novelty, novelty_words
from harness.model.plan import Plan
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report

NAMES = st.sets(st.text("abcXYZ .", min_size=1, max_size=4), max_size=5)
INVENTORIES = st.dictionaries(st.sampled_from(Kind), NAMES).map(Inventory.of)


@given(INVENTORIES)
def test_nothing_is_new_to_itself_and_everything_is_to_a_first_release(one: Inventory) -> None:
    assert novelty(one, one, "1").first_used == ()
    first = novelty(None, one)
    assert {(each.kind, each.name) for each in first.first_used} == {
        (each.kind, name) for each in one.brought for name in each.names
    }
    assert first.since is None


@given(INVENTORIES, INVENTORIES)
def test_new_is_exactly_what_the_older_has_not_whatever_the_case(old: Inventory, new: Inventory) -> None:
    found = novelty(old, new, "1")
    for kind in Kind:
        before, after = old.names(kind), new.names(kind)
        listed = {each.name for each in found.first_used if each.kind is kind}
        if before is None or after is None:
            assert kind in found.unknown
            assert not listed
            continue
        assert kind not in found.unknown
        folded = {name.casefold() for name in before}
        assert listed == {name for name in after if name.casefold() not in folded}
    assert list(found.first_used) == sorted(
        found.first_used, key=lambda each: (list(Kind).index(each.kind), each.name)
    )


@given(INVENTORIES, INVENTORIES, st.sets(st.sampled_from(Kind), min_size=1))
def test_what_may_be_new_concerns_a_rule_as_what_is(old: Inventory, new: Inventory, kinds: set[Kind]) -> None:
    found = novelty(old, new, "1")
    new_kinds = {each.kind for each in found.first_used} | set(found.unknown)
    assert found.concerns(tuple(kinds)) == bool(kinds & new_kinds)


def test_in_words() -> None:
    found = Novelty(
        since="7.1.0",
        first_used=(
            Novel(kind=Kind.DRIVER, name="bvtflt"),
            Novel(kind=Kind.CONTENT_FIELD, name="schedule.x.query"),
        ),
        unknown=(Kind.SERVICE, Kind.CERTIFICATE),
    )
    assert novelty_words(found) == (
        "New since 7.1.0: driver bvtflt, content field schedule.x.query."
        " Not known whether new: services, certificates."
    )
    many = tuple(Novel(kind=Kind.SERVICE, name=str(number)) for number in range(9))
    assert novelty_words(Novelty(since="1", first_used=many)).endswith("service 5 and 3 more.")
    assert novelty_words(Novelty(first_used=many[:1])) == (
        "First used, as there was no release before: service 0."
    )
    assert novelty_words(Novelty(since="1")) == ""


def plan_with(inventory: Inventory | None, sha256: str) -> Plan:
    plan = a_plan(a_cell())
    changes = {"inventory": inventory, "sha256": sha256 * 32, "version": sha256}
    return plan.model_copy(update={"candidate": plan.candidate.model_copy(update=changes)})


def test_two_gates_compared_say_what_the_newer_is_the_first_to_bring() -> None:
    old = plan_with(Inventory.of({kind: {"one"} for kind in Kind}), "0a")
    new = plan_with(Inventory.of({kind: {"ONE", "two"} for kind in Kind}), "0b")
    gates = [a_gate(plan, [a_report(plan, a_cell())]) for plan in (old, new)]
    found = difference(*gates).novelty
    assert found.since == "0a"
    assert [each.name for each in found.first_used] == ["two"] * len(Kind)
    assert difference(gates[1], gates[1]).novelty == Novelty(since="0b")


def test_a_plan_without_an_inventory_keeps_the_digest_that_others_signed() -> None:
    """Reckoned before there were inventories; old bundles in ledgers are verified again and again."""
    plan = a_plan(a_cell())
    assert "inventory" in plan.model_dump(mode="json")["candidate"]
    assert plan.digest == DIGEST_OF_OLD
    with_one = plan_with(Inventory(), "ab")
    assert with_one.digest != plan_with(None, "ab").digest


DIGEST_OF_OLD = "0d3fcb8c53e6508fcac10561f7c7a93b94ddecd7af4a78ab8d44f579311c9b43"
