"""A candidate's way through the tiers, and back: halts, steps, windows, health, other tiers, small changes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.model.candidate import Candidate
from harness.model.errors import ConfigurationError
from harness.model.gate import Verdict
from harness.model.plan import Cell
from harness.model.release import ReleaseName
from harness.promotion.denial import Cause, Refused
from harness.promotion.entries import CandidateRef, HealthReport, Kind, signed
from harness.promotion.service import Outcome
from tests.unit.gate.releases import DOWNGRADE, RELEASES, UPGRADE
from tests.unit.gate.releases import OLD as OLD_FILE
from tests.unit.gate.samples import a_cell
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, TIERS, Shown, World, key
from tests.unit.signing.samples import bundle_of, gate_of

THURSDAY = datetime(2026, 1, 8, 9, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 1, 9, 9, 0, tzinfo=UTC)
OLD = CandidateRef(sha256="0a" * 32, name="Example Agent", version="1.2.2")
OLD_AGENT = CandidateRef(sha256=OLD_FILE.sha256, name=OLD_FILE.product_name, version=OLD_FILE.version)
NEW = CandidateRef(sha256="0b" * 32, name="Example Agent", version="1.2.3")


def causes(outcome: Outcome) -> list[Cause]:
    return [each.cause for each in outcome.waits]


def in_production(world: World) -> None:
    world.in_beta()
    world.at = THURSDAY
    asked = world.promotion.promote(AGENT, "production", BUNDLE, PEOPLE["ann"]).asked
    world.promotion.approve(asked.id, PEOPLE["bob"])
    assert world.promotion.approve(asked.id, PEOPLE["cyd"]).done


def raised(world: World, percent: float) -> Outcome:
    asked = world.promotion.raise_to(AGENT.sha256, "production", percent, PEOPLE["ann"]).asked
    world.promotion.approve(asked.id, PEOPLE["bob"])
    return world.promotion.approve(asked.id, PEOPLE["cyd"])


def test_production_begins_at_one_per_cent_and_rises_step_by_step(world: World) -> None:
    in_production(world)
    place = world.promotion.released("production")[0]
    assert (place.percent, place.since) == (1, THURSDAY)
    for wrong, words in (
        (20, "is 5 %, not 20 %"),
        (1, "A share is never lowered"),
        (0.5, "A share is never lowered"),
    ):
        with pytest.raises(Refused, match=words):
            world.promotion.raise_to(AGENT.sha256, "production", wrong, PEOPLE["ann"])
    found = world.promotion.raise_to(AGENT.sha256, "production", 5, PEOPLE["ann"])
    assert causes(found) == [Cause.APPROVALS, Cause.APPROVALS, Cause.SOAK, Cause.HEALTH]
    world.promotion.approve(found.asked.id, PEOPLE["bob"])
    world.later(hours=96)  # Monday
    world.healthy("production")
    assert world.promotion.approve(found.asked.id, PEOPLE["cyd"]).done
    assert world.promotion.released("production")[0].percent == 5
    world.later(hours=72)
    asked = world.promotion.raise_to(AGENT.sha256, "production", 20, PEOPLE["ann"])
    assert Cause.HEALTH in causes(asked), "the report of the step before says nothing of this one"


def test_one_person_with_two_roles_fills_one_place(world: World) -> None:
    """cyd is a release manager and of security: alone she is not both."""
    world.in_beta()
    world.at = THURSDAY
    asked = world.promotion.promote(AGENT, "production", BUNDLE, PEOPLE["ann"]).asked
    found = world.promotion.approve(asked.id, PEOPLE["cyd"])
    assert "1 more of role" in found.waits[0].text
    assert world.promotion.approve(asked.id, PEOPLE["bob"]).done


def test_outside_its_change_window_it_waits_and_says_when(world: World) -> None:
    world.in_beta()
    world.at = FRIDAY
    asked = world.promotion.promote(AGENT, "production", BUNDLE, PEOPLE["ann"]).asked
    world.promotion.approve(asked.id, PEOPLE["bob"])
    found = world.promotion.approve(asked.id, PEOPLE["cyd"])
    assert [each.text for each in found.waits] == [
        "Tier production changes in its change windows only; the next one opens at 2026-01-12 07:00 UTC."
    ]
    world.at = datetime(2026, 1, 12, 7, 0, tzinfo=UTC)
    assert world.promotion.promote(AGENT, "production", BUNDLE, PEOPLE["ann"]).done  # asked again, it goes on


@pytest.mark.parametrize(
    ("report", "words", "verdict"),
    [
        ({"hosts": 9}, "9 hosts of tier internal run it; 10 are needed", Verdict.INCOMPLETE),
        ({"crashed": 1}, "1 of 50 hosts of tier internal crashed; at most 0.00% may", Verdict.FAIL),
        ({"silent": 6}, "6 of 50 hosts of tier internal fell silent; at most 10.00% may", Verdict.FAIL),
        ({"uninstalled": 2}, "2 of 50 hosts of tier internal removed it; at most 1.00% may", Verdict.FAIL),
    ],
)
def test_ill_health_keeps_it_where_it_is(
    world: World, report: dict[str, Any], words: str, verdict: Verdict
) -> None:
    world.in_internal()
    world.later(hours=25)
    world.healthy("internal", **report)
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    world.promotion.approve(asked.id, PEOPLE["ann"])
    found = world.promotion.approve(asked.id, PEOPLE["bob"])
    assert [(each.text.startswith(words), each.verdict) for each in found.waits] == [(True, verdict)], (
        found.waits
    )


def test_silence_is_no_health(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    world.promotion.approve(asked.id, PEOPLE["ann"])
    world.later(hours=25)
    found = world.promotion.approve(asked.id, PEOPLE["bob"])
    assert ["silence since is no health" in each.text for each in found.waits] == [True]


def test_health_is_reported_by_whose_role_it_is_and_hours_only_grow(world: World) -> None:
    world.soaked()
    with pytest.raises(Refused, match="Host hours only grow"):
        world.healthy("internal", host_hours=10)
    report = HealthReport(
        by="bot", at=world.at, candidate=AGENT.sha256, tier="internal", hosts=50, host_hours=9000
    )
    with pytest.raises(Refused, match="it is forged"):
        world.promotion.submit(signed(report, PEOPLE["ann"]))


def test_one_person_halts_and_the_approvals_resume(world: World) -> None:
    world.in_beta()
    world.promotion.halt("1.2.3", "beta", PEOPLE["bot"], "crashes")
    assert world.promotion.released("beta") == []
    with pytest.raises(Refused, match="is halted already, by bot"):
        world.promotion.halt("1.2.3", "beta", PEOPLE["ann"])
    with pytest.raises(Refused, match="is halted in tier beta, by bot"):
        world.promotion.promote(AGENT, "production", BUNDLE, PEOPLE["ann"])
    asked = world.promotion.resume("1.2.3", "beta", PEOPLE["ann"]).asked
    assert not world.promotion.approve(asked.id, PEOPLE["bob"]).done
    assert world.promotion.approve(asked.id, PEOPLE["cyd"]).done
    placement = world.promotion.released("beta")[0]
    assert placement.step_since == world.at, "the soak begins anew"
    world.later(minutes=1)
    with pytest.raises(Refused, match="is not halted"):
        world.promotion.resume("1.2.3", "beta", PEOPLE["ann"])


def test_where_nobody_need_agree_another_person_still_resumes(world: World) -> None:
    world.in_internal()
    world.promotion.halt("1.2.3", "internal", PEOPLE["ci"])
    found = world.promotion.resume("1.2.3", "internal", PEOPLE["ci"])
    assert causes(found) == [Cause.APPROVALS]
    with pytest.raises(Refused, match="nobody approves"):
        world.promotion.approve(found.asked.id, PEOPLE["ci"])


def test_a_halt_stops_a_request_that_waits(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    world.promotion.approve(asked.id, PEOPLE["ann"])
    world.promotion.halt("1.2.3", "internal", PEOPLE["bob"])
    found = world.promotion.approve(asked.id, PEOPLE["bob"])
    assert not found.done
    assert Cause.HALTED in causes(found)


def both_in_internal(folder: Path, ways: tuple[str, ...]) -> World:
    world = World(folder, check=Shown({NEW.sha256: ways}))
    world.in_internal(OLD)
    world.later(hours=1)
    world.in_internal(NEW)
    return world


def test_a_rollback_names_a_version_that_was_shown_to_be_a_way_back(folder: Path) -> None:
    world = both_in_internal(folder, (OLD.sha256,))
    placement = world.promotion.roll_back("1.2.3", "internal", PEOPLE["ci"], reason="crashes")
    assert placement.returned_to == OLD.sha256
    assert [each.candidate for each in world.promotion.released("internal")] == [OLD]
    with pytest.raises(Refused, match="rolled back already"):
        world.promotion.roll_back("1.2.3", "internal", PEOPLE["ci"], "1.2.2")
    with pytest.raises(Refused, match="does not come again"):
        world.promotion.resume("1.2.3", "internal", PEOPLE["ci"])


def test_without_such_a_version_it_says_that_none_is_one(folder: Path) -> None:
    world = both_in_internal(folder, ())
    with pytest.raises(
        Refused, match="No earlier version in tier internal passed the upgrade and downgrade scenarios"
    ):
        world.promotion.roll_back("1.2.3", "internal", PEOPLE["ci"])
    with pytest.raises(Refused, match="is no way back from"):
        world.promotion.roll_back("1.2.3", "internal", PEOPLE["ci"], "1.2.2")
    assert len(world.promotion.released("internal")) == 2


def signed_candidate(
    folder: Path, *cells: Cell, releases: dict[ReleaseName, Candidate] = RELEASES
) -> tuple[World, bytes]:
    """A world with OLD_AGENT in its first tier, and a really signed gate of AGENT with these cells."""
    world = World(folder)
    old = gate_of([a_cell()], candidate=OLD_FILE)
    world.in_internal(OLD_AGENT, bundle_of(old))
    world.later(hours=1)
    return world, bundle_of(gate_of(cells, releases=releases))


def test_a_signed_gate_that_went_there_and_back_opens_the_way(folder: Path) -> None:
    world, bundle = signed_candidate(folder, UPGRADE, DOWNGRADE)
    world.in_internal(AGENT, bundle)
    placement = world.promotion.roll_back("1.2.3", "internal", PEOPLE["ci"])
    assert placement.returned_to == OLD_FILE.sha256
    assert [each.candidate.version for each in world.promotion.released("internal")] == ["1.2.2"]
    assert world.promotion.broken_gates() == []
    world.later(minutes=1)
    with pytest.raises(Refused, match="rolled back already"):
        world.promotion.roll_back("1.2.3", "internal", PEOPLE["ci"])


@pytest.mark.parametrize(
    ("cells", "releases", "words"),
    [
        ((UPGRADE,), RELEASES, "1.2.2 (0a0a0a0a0a0a): No cell of the plan goes back to 1.2.2."),
        ((a_cell(),), {}, "the gate of 1.2.3 was not run with it as an earlier release."),
    ],
)
def test_a_refusal_says_of_each_earlier_version_what_its_proof_lacks(
    folder: Path, cells: tuple[Cell, ...], releases: dict[ReleaseName, Candidate], words: str
) -> None:
    world, bundle = signed_candidate(folder, *cells, releases=releases)
    world.in_internal(AGENT, bundle)
    for to in (None, "1.2.2"):
        with pytest.raises(Refused) as refused:
            world.promotion.roll_back("1.2.3", "internal", PEOPLE["ci"], to)
        first, lacks = refused.value.denials
        assert (first.cause, lacks.cause, first.verdict) == (
            Cause.RETURN,
            Cause.RETURN,
            Verdict.INCOMPLETE,
        )
        assert words in lacks.text
        assert lacks.remedy.startswith(
            "To prove a way back: run the candidate with that release as --previous"
        )


def test_a_halted_version_is_named_as_that(folder: Path) -> None:
    world, bundle = signed_candidate(folder, UPGRADE, DOWNGRADE)
    world.in_internal(AGENT, bundle)
    world.promotion.halt("1.2.2", "internal", PEOPLE["ci"])
    with pytest.raises(Refused, match="it was halted in tier internal itself"):
        world.promotion.roll_back("1.2.3", "internal", PEOPLE["ci"])


def test_a_version_that_was_halted_is_no_way_back(folder: Path) -> None:
    world = both_in_internal(folder, (OLD.sha256,))
    world.promotion.halt("1.2.2", "internal", PEOPLE["ci"])
    with pytest.raises(Refused, match="No earlier version"):
        world.promotion.roll_back("1.2.3", "internal", PEOPLE["ci"])


def test_a_change_for_many_hosts_is_a_release_however_it_is_cut(world: World) -> None:
    rules = CandidateRef(sha256="0c" * 32, kind=Kind.CONFIGURATION, name="rules.yaml")
    world.promotion.change(rules, 60, PEOPLE["ann"])
    with pytest.raises(Refused, match="reaches 101 hosts; above 100 it is a release, not an action"):
        world.promotion.change(rules, 41, PEOPLE["ann"])
    world.later(minutes=1)
    world.promotion.change(rules, 40, PEOPLE["bob"])
    with pytest.raises(Refused, match="An agent is always a release"):
        world.promotion.change(AGENT, 1, PEOPLE["ann"])


@pytest.mark.parametrize("kind", [Kind.CONFIGURATION, Kind.CONTENT])
def test_configuration_and_content_go_through_the_same_tiers(folder: Path, kind: Kind) -> None:
    world = World(folder, check=Shown({}))
    rules = CandidateRef(sha256="0c" * 32, kind=kind, name="rules", version="7")
    world.in_beta(rules)
    assert world.promotion.released("beta")[0].candidate.kind is kind


def test_other_tiers_hold_once_an_owner_agreed(world: World) -> None:
    looser = TIERS.replace("approvals: [{role: release-manager, count: 2}]", "approvals: []")
    asked = world.promotion.propose_tiers(looser, world.policy, PEOPLE["own"]).asked
    with pytest.raises(Refused, match="Other tiers are proposed already"):
        world.promotion.propose_tiers(TIERS, world.policy, PEOPLE["oda"])
    with pytest.raises(Refused, match="has not the role that answers it: owner"):
        world.promotion.approve(asked.id, PEOPLE["ann"])
    with pytest.raises(Refused, match="nobody approves"):
        world.promotion.approve(asked.id, PEOPLE["own"])
    world.soaked()
    waiting = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])
    assert causes(waiting) == [Cause.APPROVALS]
    assert world.promotion.approve(asked.id, PEOPLE["oda"]).done
    assert world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).done


def test_who_has_left_counts_no_more(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    world.promotion.approve(asked.id, PEOPLE["ann"])
    without = "\n".join(line for line in TIERS.splitlines() if not line.startswith("  ann:"))
    change = world.promotion.propose_tiers(without, world.policy, PEOPLE["own"]).asked
    assert world.promotion.approve(change.id, PEOPLE["oda"]).done
    found = world.promotion.approve(asked.id, PEOPLE["bob"])
    assert "1 more of role release-manager (cyd)" in found.waits[0].text
    with pytest.raises(Refused, match="Your key is nobody's"):
        world.promotion.approve(asked.id, PEOPLE["ann"])


def test_a_new_gate_key_does_not_call_back_what_is_out(world: World) -> None:
    world.in_internal()
    other = TIERS.replace(
        f"keys: [{TIERS.split('keys: [')[1].split(']')[0]}]", f"keys: [{key(PEOPLE['eve'])}]"
    )
    asked = world.promotion.propose_tiers(other, world.policy, PEOPLE["own"]).asked
    assert world.promotion.approve(asked.id, PEOPLE["oda"]).done
    assert len(world.promotion.released("internal")) == 1
    world.later(hours=25)
    world.healthy("internal")
    with pytest.raises(Refused) as refused:
        world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])
    assert {each.cause for each in refused.value.denials} == {Cause.GATE}


def test_what_is_not_there_is_said_with_what_is(world: World) -> None:
    world.in_internal()
    for call, words in (
        (lambda: world.promotion.halt("9.9.9", "internal", PEOPLE["ci"]), "there is no candidate '9.9.9'"),
        (lambda: world.promotion.halt("1.2.3", "gamma", PEOPLE["ci"]), "there is no tier 'gamma'"),
        (lambda: world.promotion.approve("abcdefab", PEOPLE["ann"]), "no request begins with"),
        (lambda: world.promotion.approve("", PEOPLE["ann"]), "no request begins with or is about ''"),
        (lambda: world.promotion.promote(AGENT, "betta", BUNDLE, PEOPLE["ci"]), "Did you mean 'beta'"),
        (lambda: world.promotion.found(TIERS, world.policy, PEOPLE["own"]), "there is a ledger already"),
        (
            lambda: world.promotion.propose_tiers(
                TIERS.replace("name: beta", "name: gamma"), world.policy, PEOPLE["own"]
            ),
            "no tier 'gamma', which tier 'gamma' is judged by",
        ),
    ):
        with pytest.raises(ConfigurationError, match=words):
            call()


def test_a_request_may_be_called_by_its_version_while_it_is_the_only_open_one(world: World) -> None:
    world.in_internal()
    with pytest.raises(ConfigurationError, match="no request begins with or is about"):
        world.promotion.approve("1.2.3", PEOPLE["ann"])
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    assert world.promotion.approve("1.2.3", PEOPLE["ann"]).asked.id == asked.id
    world.promotion.halt("1.2.3", "internal", PEOPLE["ci"])
    world.promotion.resume("1.2.3", "internal", PEOPLE["ci"])
    with pytest.raises(ConfigurationError, match=r"several requests begin with or are about '1\.2\.3'"):
        world.promotion.approve("1.2.3", PEOPLE["bob"])


def test_a_version_that_two_files_have_names_no_request(folder: Path) -> None:
    """The one that is asked for need not be the one that somebody has in mind."""
    world = World(folder, check=Shown({}))
    other = NEW.model_copy(update={"sha256": "0e" * 32})
    world.in_internal(NEW)
    world.in_internal(other)
    asked = world.promotion.promote(NEW, "beta", BUNDLE, PEOPLE["ci"]).asked
    with pytest.raises(ConfigurationError, match=r"several requests begin with or are about '1\.2\.3'"):
        world.promotion.approve("1.2.3", PEOPLE["ann"])
    assert world.promotion.approve(asked.id, PEOPLE["ann"]).asked.id == asked.id


def test_who_may_not_ask_is_told_who_may(world: World) -> None:
    with pytest.raises(Refused, match="own may not ask for tier internal: that takes the role"):
        world.promotion.promote(AGENT, "internal", BUNDLE, PEOPLE["own"])
    world.in_internal()
    world.later(minutes=1)
    with pytest.raises(Refused, match="is in tier internal already"):
        world.promotion.promote(AGENT, "internal", BUNDLE, PEOPLE["ci"])


def test_a_tier_that_is_no_more_ends_what_was_asked_for_it(world: World) -> None:
    world.soaked()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    renamed, policy = TIERS.replace("name: beta", "name: gamma"), world.policy.replace("  beta:", "  gamma:")
    change = world.promotion.propose_tiers(renamed, policy, PEOPLE["own"]).asked
    assert world.promotion.approve(change.id, PEOPLE["oda"]).done
    assert [
        "is in tiers.yaml no more" in each.text
        for each in world.promotion.complete(asked.id, PEOPLE["ci"]).waits
    ]
    with pytest.raises(Refused, match=r"'beta' is in tiers\.yaml no more"):
        world.promotion.approve(asked.id, PEOPLE["ann"])
