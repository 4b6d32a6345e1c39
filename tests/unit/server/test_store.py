"""The store: what is on record stays so, across batches, workers and percentages."""

import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.model.errors import InfrastructureError
from harness.rollout.decision import Maximum
from harness.rollout.halt import HaltRule, Harm
from harness.rollout.simulation import ORDINARY, Fleet, Rates
from harness.server.desk import Desk
from harness.server.settings import Settings
from harness.server.store import Entry, Order, Sign, Store, cohort_of, ring_of, without_duplicates
from harness.server.watch import HALT_RULE, look, take_settings

RULE = HaltRule()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "rollout.sqlite")
    yield opened
    opened.close()


def settings(percent: str = "1 %") -> str:
    release = {
        "product": "agent",
        "release": "r",
        "version": "2",
        "baseline": "1",
        "shares": {"production": percent},
    }
    token = {"name": "a", "sha256": "0" * 64, "scopes": ["read"]}
    return Settings.model_validate({"tokens": [token], "rollouts": [release]}).model_dump_json()


def test_a_maximum_holds_across_two_connections_that_write_at_once(tmp_path: Path) -> None:
    maximum, path = Maximum(25, 3600.0), tmp_path / "rollout.sqlite"
    admitted: list[bool] = []

    def worker(name: str) -> None:
        mine = Store(path)
        for number in range(30):
            admitted.extend(mine.record([Entry("r", f"{name}{number}", True, "p", 10.0, maximum)], [], RULE))
        mine.close()

    threads = [threading.Thread(target=worker, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (sum(admitted), len(admitted)) == (25, 60)


def test_who_was_admitted_stays_so_and_the_next_period_has_room_again(store: Store) -> None:
    maximum = Maximum(1, 3600.0)
    entries = [
        Entry("r", host, True, "p", at, maximum)
        for host, at in (("a", 1.0), ("b", 2.0), ("a", 3.0), ("b", 3601.0))
    ]
    assert store.record(entries, [], RULE) == [True, False, True, True]
    assert store.record([Entry("r", "c", False, "p", 1.0, maximum)], [], RULE) == [True]  # a control host
    assert store.entered() == {("r", "a", True), ("r", "b", True), ("r", "c", False)}


def test_silence_that_ended_a_crash_and_an_uninstallation_are_kept_with_their_host(store: Store) -> None:
    store.record([Entry("r", host, True, "p", 0.0) for host in "abc"], [], RULE)
    store.record([], [Sign("a", 5000.0), Sign("b", 10.0, Harm.CRASH), Sign("x", 1.0, Harm.CRASH)], RULE)
    store.record([], [Sign("b", 20.0, Harm.UNINSTALL), Sign("c", 30.0, Harm.UNINSTALL)], RULE)
    found = {each.host: (each.harm, each.harmed_at) for each in store.watched("r")}
    assert found == {"a": (Harm.SILENCE, 3600.0), "b": (Harm.CRASH, 10.0), "c": (Harm.UNINSTALL, 30.0)}


def test_of_many_check_ins_the_newest_counts_and_no_harm_is_dropped() -> None:
    signs = [
        Sign("a", 1.0),
        Sign("a", 3.0),
        Sign("a", 2.0, Harm.CRASH),
        Sign("a", 4.0, Harm.CRASH),
        Sign("b", 0.0),
    ]
    assert without_duplicates(signs) == [Sign("b", 0.0), Sign("a", 2.0, Harm.CRASH), Sign("a", 3.0)]


def test_a_higher_percentage_lets_control_hosts_go_whatever_became_of_them(store: Store) -> None:
    cohort = cohort_of("production", "1 %")
    store.record([Entry("r", f"h{number}", False, cohort, 0.0) for number in range(200)], [], RULE)
    take_settings(store, settings("50 %"), 100.0)
    released = [host for host in store.watched("r") if host.released == 100.0]
    assert 70 < len(released) < 130
    rollout = Desk.read(store).rollouts["agent"][0]
    assert all(rollout.within(host.host, "production") for host in released)
    assert ring_of(cohort_of("ring at sea", "1 %")) == "ring at sea"


def test_the_watch_halts_what_does_harm_and_leaves_alone_what_does_not(store: Store) -> None:
    take_settings(store, settings(), 0.0)
    _fill(store, {**ORDINARY, Harm.CRASH: 0.1})
    look(store, 1e6)
    order = store.orders()["r"]
    assert (order.who, "crash" in order.reason) == (HALT_RULE, True)
    assert Desk.read(store).rollouts["agent"][0].state == "halted"


def test_the_watch_leaves_a_good_release_alone(store: Store) -> None:
    take_settings(store, settings(), 0.0)
    _fill(store, ORDINARY)
    look(store, 1e6)
    assert not store.orders()


def test_a_release_is_halted_once_and_the_first_reason_stays(store: Store) -> None:
    assert store.order(Order("r", "ada", "smoke", 1.0))
    assert not store.order(Order("r", "bob", "too", 2.0))
    assert store.orders()["r"].who == "ada"


def test_a_store_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nonsense " * 1000)
    with pytest.raises(InfrastructureError, match="cannot be used"):
        Store(tmp_path / "x")
    with pytest.raises(InfrastructureError, match="has no settings"):
        Store(tmp_path / "new").settings()


def _fill(store: Store, release: Rates) -> None:
    rollout = Desk.read(store).rollouts["agent"][0]
    hosts = Fleet(hosts=30_000).roll_out(rollout, release, RULE, random.Random(1))
    store.record([Entry("r", h.host, h.candidate, h.cohort, h.entered) for h in hosts], [], RULE)
    last = [Sign(h.host, h.last_seen) for h in hosts]
    store.record([], last, RULE.model_copy(update={"silence_s": 20_000.0}))
    store.record([], [Sign(h.host, h.harmed_at, h.harm) for h in hosts if h.harm], RULE)


def test_a_full_disk_is_called_one_and_the_store_goes_on_once_there_is_room(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    entries = [Entry("r", f"{number:0200}", candidate=True, cohort="c", at=1.0) for number in range(500)]
    (pages,) = store._db.execute("pragma page_count").fetchone()
    store._db.execute(f"pragma max_page_count = {pages + 1}")
    with pytest.raises(sqlite3.OperationalError, match="database or disk is full"):
        store.record(entries, (), HaltRule())
    store._db.execute("pragma max_page_count = 100000")
    assert store.watched("r") == []
    assert all(store.record(entries, (), HaltRule()))
    store.close()
