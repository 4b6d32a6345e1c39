"""Nothing comes into beta without a valid gate and two people who agree: each way to try is refused in its own words."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from harness.model.gate import Verdict
from harness.promotion.denial import Cause, Refused
from harness.promotion.entries import Done, Request, What, entry_id, signed
from harness.signing.envelope import Envelope, read_envelope
from tests.unit.gate.samples import CANDIDATE
from tests.unit.promotion.by_hand import approval, put_in
from tests.unit.promotion.invalid_gates import INVALID_GATES
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, World
from tests.unit.signing.samples import (
    NOW,
    a_signed_gate,
    bundle_of,
)


@pytest.mark.parametrize("name", INVALID_GATES)
def test_no_invalid_gate_opens_beta(world: World, name: str) -> None:
    make, words, verdict = INVALID_GATES[name]
    try:
        bundle = make()
    except ValueError:  # a waiver that says itself that its author approves it cannot even be written
        assert name == "waived by its author"
        return
    world.soaked()
    with pytest.raises(Refused) as refused:
        world.promotion.promote(AGENT, "beta", bundle, PEOPLE["ci"])
    assert {each.cause for each in refused.value.denials} == {Cause.GATE}
    assert words in str(refused.value)
    assert refused.value.verdict is verdict, str(refused.value)
    assert not world.promotion.board().in_tier("beta")


def test_without_a_gate_there_is_no_way_in(world: World) -> None:
    world.soaked()
    with pytest.raises(Refused, match="There is no gate for") as refused:
        world.promotion.promote(AGENT, "beta", None, PEOPLE["ci"])
    assert refused.value.verdict is Verdict.INCOMPLETE


def test_a_stale_gate_is_refused_when_it_is_asked_and_when_it_would_happen(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    world.promotion.approve(asked.id, PEOPLE["ann"])
    world.later(days=8)
    world.healthy("internal")
    found = world.promotion.approve(asked.id, PEOPLE["bob"])
    assert not found.done
    assert ["days old" in each.text for each in found.waits] == [True]
    assert found.waits[0].verdict is Verdict.STALE
    world.promotion.reject(asked.id, PEOPLE["ci"])
    with pytest.raises(Refused, match="days old"):
        world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])


def test_an_older_bundle_does_not_come_back(world: World) -> None:
    """A gate that a newer one has overtaken is replayed."""
    world.in_internal(bundle=bundle_of(a_signed_gate(), now=NOW + timedelta(minutes=30)))
    world.later(hours=25)
    world.healthy("internal")
    with pytest.raises(Refused, match="older than one already known"):
        world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])


def test_beta_comes_after_internal_and_its_soak(world: World) -> None:
    with pytest.raises(Refused, match="has not been in tier internal"):
        world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])
    world.in_internal()
    found = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])
    assert [each.cause for each in found.waits] == [Cause.APPROVALS, Cause.SOAK, Cause.SOAK, Cause.HEALTH]
    assert "Silence is no health." in found.waits[3].text


def test_approvals_must_be_of_two_others_with_the_role(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ann"]).asked
    for who, words in (
        ("ann", "nobody approves what they asked for"),
        ("own", "has not the role"),
        ("ci", "has not the role"),
    ):
        with pytest.raises(Refused, match=words):
            world.promotion.approve(asked.id, PEOPLE[who])
    with pytest.raises(Refused, match="Your key is nobody's"):
        world.promotion.approve(asked.id, PEOPLE["eve"])
    first = world.promotion.approve(asked.id, PEOPLE["bob"])
    assert "waits for 1 more of role release-manager (cyd)" in first.waits[0].text
    world.later(minutes=1)
    with pytest.raises(Refused, match="one person counts once"):
        world.promotion.approve(asked.id, PEOPLE["bob"])
    assert world.promotion.approve(asked.id, PEOPLE["cyd"]).done
    world.later(minutes=1)
    with pytest.raises(Refused, match="is done already"):
        world.promotion.approve(asked.id, PEOPLE["cyd"])


def test_an_approval_is_bound_to_its_request_and_comes_in_time(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    body = approval(world, asked.id)
    for change, words in (
        ({"candidate": "cd" * 32}, "answers another request"),
        ({"tier": "production"}, "answers another request"),
        ({"what": What.RAISE}, "answers another request"),
        ({"percent": 5.0}, "answers another request"),
        ({"request": "00" * 32}, "There is no request"),
    ):
        with pytest.raises(Refused, match=words):
            world.promotion.submit(approval(world, asked.id, **change))
    world.promotion.submit(body)
    with pytest.raises(Refused, match="is in the ledger already"):
        world.promotion.submit(body)  # the very same once more
    world.later(days=11)
    with pytest.raises(Refused, match="expired"):
        world.promotion.approve(asked.id, PEOPLE["bob"])


def test_a_rejected_request_is_closed(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    world.promotion.approve(asked.id, PEOPLE["ann"])
    with pytest.raises(Refused, match="has not the role"):
        world.promotion.reject(asked.id, PEOPLE["own"])
    assert world.promotion.reject(asked.id, PEOPLE["bob"], "not on a Friday").asked.rejection
    with pytest.raises(Refused, match="is rejected already by bob"):
        world.promotion.approve(asked.id, PEOPLE["cyd"])


def test_a_forged_approval_is_refused(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    good = read_envelope(approval(world, asked.id))
    forged = {
        "with another person's key": approval(world, asked.id, "ann", PEOPLE["bob"]),
        "with a stranger's key": approval(world, asked.id, "ann", PEOPLE["eve"]),
        "of another text under a good signature": Envelope(
            good.payload.replace(b'"ann"', b'"bob"'), good.payload_type, good.signatures
        ).line,
        "without a signature": Envelope(good.payload, good.payload_type, {}).line,
        "with two signatures": good.signed(PEOPLE["bob"]).line,
    }
    for how, body in forged.items():
        with pytest.raises(Refused, match="it is forged") as refused:
            world.promotion.submit(body)
        assert refused.value.verdict is Verdict.INVALID, how
    for body, words in (
        (approval(world, asked.id, "eve", PEOPLE["eve"]), "Nobody in tiers.yaml is called 'eve'"),
        (Envelope(good.payload, "text/plain", good.signatures).line, "no entry of this ledger"),
        (b"{}", "no DSSE envelope"),
        (
            Envelope(b'{"action":"approval"}', good.payload_type, good.signatures).line,
            "no entry of a known kind",
        ),
    ):
        with pytest.raises(Refused, match=words):
            world.promotion.submit(body)
    late = approval(world, asked.id, at=world.at + timedelta(hours=1))
    with pytest.raises(Refused, match="a time to come"):
        world.promotion.submit(late)
    early = approval(world, asked.id, at=world.at - timedelta(days=1))
    with pytest.raises(Refused, match="the entry before it"):
        world.promotion.submit(early)


def test_what_is_put_into_the_database_by_hand_counts_for_nothing(world: World) -> None:
    """The owner of the database, who has a key of his own, too."""
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    done = Done(
        by="ci", at=world.at, request=asked.id, what=What.PROMOTE, candidate=AGENT.sha256, tier="beta"
    )
    put_in(
        world,
        approval(world, asked.id, "ann", PEOPLE["ci"]),
        approval(world, asked.id, "ci"),
        signed(done, PEOPLE["ci"]),
        b"junk",
    )
    board = world.promotion.board()
    assert not board.in_tier("beta")
    assert [each.why for each in board.ignored] == [
        "It is not signed with the key of ann: it is forged.",
        "ci asked for it, and nobody approves what they asked for.",
        "It waits for 2 more of role release-manager (ann, bob, cyd).",
        "It is no JSON.",
    ]


def test_a_request_put_in_by_hand_with_an_invented_gate_lets_nothing_out(world: World) -> None:
    """He also has the role that may ask, and internal needs no approval: the bundle is looked at again."""
    record = world.promotion._ask(world.promotion.board(), BUNDLE, AGENT, "internal", {}).record
    other = AGENT.model_copy(update={"sha256": "cd" * 32})
    request = signed(
        Request(by="ci", at=world.at, what=What.PROMOTE, candidate=other, tier="internal", gate=record),
        PEOPLE["ci"],
    )
    done = Done(
        by="ci",
        at=world.at,
        request=entry_id(request),
        what=What.PROMOTE,
        candidate=other.sha256,
        tier="internal",
    )
    put_in(world, request, signed(done, PEOPLE["ci"]))
    assert world.promotion.board().in_tier("internal")
    assert world.promotion.released("internal") == []
    assert ["is gone, or was changed" in each for each in world.promotion.broken_gates()] == [True]
    with world.ledger.writing() as writer:
        writer.attach(BUNDLE)
    assert world.promotion.released("internal") == []
    assert ["is about another candidate" in each for each in world.promotion.broken_gates()] == [True]


def test_a_request_that_says_more_of_its_gate_than_the_bundle_does_is_refused(world: World) -> None:
    record = world.promotion._ask(world.promotion.board(), BUNDLE, AGENT, "internal", {}).record
    assert record is not None
    called = AGENT.model_copy(update={"version": "9.9.9"})
    request = Request(by="ci", at=world.at, what=What.PROMOTE, candidate=called, tier="internal", gate=record)
    with pytest.raises(Refused, match=r"calls its candidate Example Agent 9\.9\.9"):
        world.promotion.submit(signed(request, PEOPLE["ci"]), BUNDLE)
    more = record.model_copy(update={"returns_to": ("cd" * 32,)})
    request = Request(by="ci", at=world.at, what=What.PROMOTE, candidate=AGENT, tier="internal", gate=more)
    with pytest.raises(Refused, match="what the bundle does not say"):
        world.promotion.submit(signed(request, PEOPLE["ci"]), BUNDLE)
    with pytest.raises(Refused, match="its bundle is not there"):
        world.promotion.submit(signed(request, PEOPLE["ci"]))


def test_a_bundle_that_is_gone_at_the_last_moment_stops_it(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    world.promotion.approve(asked.id, PEOPLE["ann"])
    with world.ledger._database.writing() as connection:
        connection.execute(text("DROP TRIGGER ledger_attachment_no_delete"))
        connection.execute(text("DELETE FROM ledger_attachment"))
    found = world.promotion.approve(asked.id, PEOPLE["bob"])
    assert not found.done
    assert "is not beside the ledger any more" in found.waits[0].text


def test_a_good_gate_and_two_people_open_it(world: World) -> None:
    """The twin of all of the above."""
    world.in_beta()
    assert [each.candidate.version for each in world.promotion.released("beta")] == [CANDIDATE.version]
    assert world.promotion.broken_gates() == []
    assert world.promotion.board().ignored == []


def test_entries_dated_into_the_future_by_hand_count_for_nothing(world: World) -> None:
    """He has key and role, and would be through the soak."""
    world.in_internal()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    later = world.at + timedelta(days=3)
    put_in(world, approval(world, asked.id, "ann", at=later), approval(world, asked.id, "bob", at=later))
    board = world.promotion.board()
    assert board.asked[asked.id].approvals == {}
    assert ["signed for a time to come" in each.why for each in board.ignored] == [True, True]


def test_a_request_under_another_candidates_name_is_refused(world: World) -> None:
    """People approve what they read."""
    world.in_internal()
    called = AGENT.model_copy(update={"version": "9.9.9"})
    world.promotion.halt("1.2.3", "internal", PEOPLE["ann"])
    request = Request(by="ci", at=world.at, what=What.RESUME, candidate=called, tier="internal")
    with pytest.raises(Refused, match=r"It calls the candidate Example Agent 9\.9\.9"):
        world.promotion.submit(signed(request, PEOPLE["ci"]))
