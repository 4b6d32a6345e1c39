"""What the server hears of hosts goes into the ledger, with the halt rule's answer; and inconclusive never promotes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.promotion.denial import Cause
from harness.promotion.entries import HealthReport
from harness.rollout.halt import Harm
from harness.rollout.health import Health
from harness.server.health_reports import report_health
from harness.server.settings import Settings
from harness.server.store import Entry, Sign, Store
from tests.unit.promotion.conftest import folder as folder
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, TIERS, World

RULE = {"silence_s": 900, "window_s": 3600, "cohort_s": 3600}
BY_SERVER = TIERS.replace("roles: [server]", "roles: [server, health]")
TOKEN = {"name": "a", "sha256": "0" * 64, "scopes": ["read"]}
RELEASE = {"product": "agent", "release": "r", "version": "1.2.3", "baseline": "1", "candidate": AGENT.sha256}


def settings(**more: Any) -> Settings:
    return Settings.model_validate(
        {"tokens": [TOKEN], "ledger": "l", "ledger_key": "k", "rollouts": [RELEASE], "rule": RULE, **more}
    )


def offered(store: Store, at: datetime, ring: str, hosts: range, *, candidate: bool = True) -> None:
    entries = [
        Entry("r", f"{ring}-{number}", candidate, f"{ring} at 100 %", at.timestamp()) for number in hosts
    ]
    store.record(entries, [], settings().rule)


def heard(store: Store, at: datetime, ring: str, hosts: range, harm: Harm | None = None) -> None:
    signs = [Sign(f"{ring}-{number}", at.timestamp(), harm) for number in hosts]
    store.record([], signs, settings().rule)


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(folder / "rollout.sqlite")


def reports(world: World) -> list[HealthReport]:
    return [line.entry for line in world.promotion.board().lines if isinstance(line.entry, HealthReport)]


def test_a_report_says_how_the_hosts_of_its_tier_fare(folder: Path, store: Store) -> None:
    world = World(folder, tiers=BY_SERVER)
    world.in_internal()
    offered(store, world.at, "internal", range(10))
    offered(store, world.at, "beta", range(5))
    world.later(minutes=10)
    heard(store, world.at, "internal", range(2), Harm.CRASH)
    heard(store, world.at, "internal", range(2, 9))  # number 9 is not heard of any more
    world.later(minutes=50)
    [said] = report_health(store, settings(report_health_s=3600), world.promotion, PEOPLE["srv"])
    assert "in tier internal: 10 hosts" in said
    [report] = reports(world)
    assert (report.by, report.tier, report.hosts, report.crashed) == ("srv", "internal", 10, 2)
    assert report.silent == 8, "nobody was heard of for fifty minutes"
    assert report.host_hours == pytest.approx(9 * 600 / 3600, abs=0.01)
    assert world.promotion.board().ignored == []


def test_it_reports_as_often_as_it_is_told_and_begins_anew_with_each_share(
    folder: Path, store: Store
) -> None:
    world = World(folder, tiers=BY_SERVER)
    world.in_internal()
    offered(store, world.at, "internal", range(10))
    every = settings(report_health_s=600)
    asked = []
    for _ in range(6):
        world.later(minutes=5)
        heard(store, world.at, "internal", range(10))
        asked.append(len(report_health(store, every, world.promotion, PEOPLE["srv"])))
    assert asked == [0, 1, 0, 1, 0, 1]
    hours = [each.host_hours for each in reports(world)]
    assert hours == sorted(hours)
    assert hours[-1] == pytest.approx(5.0)


def test_nothing_is_reported_of_what_nobody_was_offered_or_what_is_halted(folder: Path, store: Store) -> None:
    world = World(folder, tiers=BY_SERVER)
    world.in_internal()
    world.later(hours=2)
    assert report_health(store, settings(), world.promotion, PEOPLE["srv"]) == []
    offered(store, world.at, "internal", range(3))
    world.promotion.halt("1.2.3", "internal", PEOPLE["ann"])
    assert report_health(store, settings(), world.promotion, PEOPLE["srv"]) == []
    assert report_health(store, settings(rollouts=[]), world.promotion, PEOPLE["srv"]) == []


@pytest.mark.parametrize("who", ["srv", "eve"])
def test_without_the_role_it_leaves_that_to_others(folder: Path, store: Store, who: str) -> None:
    world = World(folder)
    world.in_internal()
    offered(store, world.at, "internal", range(3))
    world.later(hours=2)
    assert report_health(store, settings(), world.promotion, PEOPLE[who]) == []
    assert reports(world) == []


def at_one_per_cent(folder: Path, tiers: str = TIERS) -> World:
    """In production, where a control group is left."""
    world = World(folder, tiers=tiers)
    world.in_beta()
    world.at = datetime(2026, 1, 8, 9, 0, tzinfo=UTC)
    asked = world.promotion.promote(AGENT, "production", BUNDLE, PEOPLE["ann"]).asked
    world.promotion.approve(asked.id, PEOPLE["bob"])
    assert world.promotion.approve(asked.id, PEOPLE["cyd"]).done
    world.at += timedelta(days=4)
    return world


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Health.INCONCLUSIVE, "inconclusive never promotes"),
        (Health.HALT, "The halt rule finds harm"),
        (Health.HEALTHY, None),
        (None, None),
    ],
)
def test_only_healthy_raises_a_share(folder: Path, answer: Health | None, words: str | None) -> None:
    world = at_one_per_cent(folder)
    world.healthy("production", answer=answer)
    found = world.promotion.raise_to("1.2.3", "production", 5, PEOPLE["ann"])
    ill = [each.text for each in found.waits if each.cause is Cause.HEALTH]
    assert [words in each for each in ill] == [True] if words else ill == []


def test_tiers_that_do_not_go_by_it_and_tiers_without_a_control_group_are_not_held_up(folder: Path) -> None:
    world = at_one_per_cent(
        folder, TIERS.replace("health: {max_crashed: 0.01", "health: {judged: false, max_crashed: 0.01")
    )
    world.healthy("production", answer=Health.INCONCLUSIVE)
    found = world.promotion.raise_to("1.2.3", "production", 5, PEOPLE["ann"])
    assert {each.cause for each in found.waits} == {Cause.APPROVALS}
    (folder / "other").mkdir()
    everybody = World(folder / "other")
    everybody.in_internal()
    everybody.later(hours=25)
    everybody.healthy("internal", answer=Health.INCONCLUSIVE)
    waits = everybody.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).waits
    assert {each.cause for each in waits} == {Cause.APPROVALS}


def test_a_report_without_an_answer_takes_none_back(folder: Path) -> None:
    """Whoever may report health by hand does not thereby overrule the halt rule."""
    world = at_one_per_cent(folder)
    world.healthy("production", answer=Health.INCONCLUSIVE)
    world.later(minutes=5)
    world.healthy("production")
    found = world.promotion.raise_to("1.2.3", "production", 5, PEOPLE["ann"])
    assert any("inconclusive never promotes" in each.text for each in found.waits)
    world.later(minutes=5)
    world.healthy("production", answer=Health.HEALTHY)
    found = world.promotion.raise_to("1.2.3", "production", 5, PEOPLE["ann"])
    assert {each.cause for each in found.waits} == {Cause.APPROVALS}
