"""Clones that wait: how many, for whom, and whom they give way to."""

import threading
from pathlib import Path
from queue import SimpleQueue
from unittest.mock import Mock

import pytest

from harness.machines.intent import Intent, IntentFile, read_intents
from harness.machines.libvirt.ahead import Ahead
from harness.machines.libvirt.host.capacity import WAITS_FOR
from harness.machines.libvirt.host.host import Host, HostSize
from harness.machines.libvirt.host.placement import Placement
from harness.machines.libvirt.machine import LibvirtMachine
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from harness.model.machine import MachineSpec
from harness.model.matrix import HostLimits
from harness.model.windows import WindowsVersion
from harness.state import StateDirectory

URI = "private:lab"
WIN11 = WindowsVersion(product_name="Windows 11 Pro", major=10, minor=0, build=26100)
SERVER = WindowsVersion(product_name="Windows Server 2022", major=10, minor=0, build=20348)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateDirectory:
    monkeypatch.setattr(Host, "size", lambda _self: HostSize(memory_mb=64_000, cpus=32))
    return StateDirectory(tmp_path)


def spec(cell: str, windows: WindowsVersion = WIN11) -> MachineSpec:
    return MachineSpec(run_id="r", cell_id=cell, image="wine-guest", windows=windows, media=Path("/media"))


def placement(state: StateDirectory, **limits: int) -> Placement:
    host = HostLimits.model_validate({"uri": URI} | limits)
    made = Placement([host], {URI: Host(URI, state)}, state, storage=state.root, disk_reserve_mb=1)
    made.remove = lambda _host, _intent: None
    return made


class Rig:
    """A pool whose clones are made at once; `gate` holds them up."""

    def __init__(self, place: Placement, most: int = 1) -> None:
        self.made: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.ahead = Ahead(most, place.reserve_ahead, self._make, place.admit)

    def _make(self, _host: Host, wanted: MachineSpec, intent: IntentFile) -> LibvirtMachine:
        assert self.gate.wait(10)
        self.made.append(wanted.cell_id)
        intent.add(ready=True)
        machine = Mock(spec=LibvirtMachine, intent=intent)
        machine.destroy.side_effect = intent.done
        return machine

    def fill(self, *specs: MachineSpec) -> int:
        self.ahead.expect(specs)
        self.ahead.begin()
        return self.ahead.await_filled(Deadline.after(10))


def test_nobody_waits_for_a_clone_whose_making_broke(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: SimpleQueue[threading.ExceptHookArgs] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", told.put)
    place = placement(state, memory_mb=64_000)
    ahead = Ahead(1, place.reserve_ahead, Mock(side_effect=RuntimeError("unforeseen")), place.admit)
    ahead.expect([spec("a/fresh")])
    ahead.begin()
    assert ahead.await_filled(Deadline.after(10)) == 0
    # Whoever waits is let go first, and then it is told what broke: perhaps when another test runs.
    assert str(told.get(timeout=10).exc_value) == "unforeseen"


def waiting(state: StateDirectory) -> list[str]:
    return [
        str(each.resources[WAITS_FOR]) for each in read_intents(state.intents) if each.resources[WAITS_FOR]
    ]


@pytest.mark.parametrize(("most", "cells", "wait"), [(6, 6, 6), (6, 4, 4), (3, 6, 3)])
def test_as_many_wait_as_may_and_are_needed(state: StateDirectory, most: int, cells: int, wait: int) -> None:
    rig = Rig(placement(state, memory_mb=64_000), most)
    names = [f"cell{n}/fresh" for n in range(cells)]
    assert rig.fill(*map(spec, names)) == wait
    assert sorted(waiting(state)) == names[:wait]


def test_one_waits_for_the_next_cell_and_takes_memory_but_no_processor(state: StateDirectory) -> None:
    rig = Rig(placement(state, memory_mb=4096, cpus=1))
    placement(state, memory_mb=4096, cpus=1).reserve(spec("now/fresh"), frozenset(), Deadline.after(5))
    assert rig.fill(spec("next/fresh"), spec("later/fresh")) == 1
    ahead = next(each for each in read_intents(state.intents) if each.resources[WAITS_FOR])
    assert (ahead.run_id, ahead.cell_id, ahead.resources[WAITS_FOR]) == ("r", "", "next/fresh")
    assert (ahead.resources["memory_mb"], ahead.resources["cpus"], ahead.resources["disk_mb"]) == (1024, 0, 1)


def test_a_cell_gets_one_that_was_made_for_another_if_it_is_what_it_asked_for(state: StateDirectory) -> None:
    rig = Rig(placement(state))
    rig.fill(spec("a/fresh"), spec("b/fresh"))
    assert rig.ahead.take(spec("c/fresh", SERVER), Deadline.after(5)) is None
    machine = rig.ahead.take(spec("b/fresh"), Deadline.after(5))
    assert machine is not None
    taken = machine.intent.intent
    assert (taken.cell_id, taken.resources["cpus"], taken.resources[WAITS_FOR]) == ("b/fresh", 1, "")
    assert rig.ahead.take(spec("a/fresh"), Deadline.after(5)) is None


def test_no_more_wait_than_the_run_still_needs_whoever_made_them(state: StateDirectory) -> None:
    place = placement(state)
    one, other = Rig(place), Rig(placement(state))
    assert one.fill(spec("a/fresh"), spec("b/fresh")) == 1
    assert other.fill(spec("a/fresh"), spec("b/fresh")) == 1
    assert sorted(waiting(state)) == ["a/fresh", "b/fresh"]  # each for a cell of its own
    assert Rig(placement(state)).fill(spec("a/fresh"), spec("b/fresh")) == 0
    place.shrink("r", 1)
    assert len(waiting(state)) == 1
    place.shrink("another run", 0)
    assert len(waiting(state)) == 1
    place.shrink("r", 0)
    assert waiting(state) == []
    assert one.ahead.take(spec("a/fresh"), Deadline.after(5)) is None  # removed under its feet


def test_nothing_is_made_where_nothing_is_expected_or_nothing_may_wait(state: StateDirectory) -> None:
    assert Rig(placement(state)).fill() == 0
    assert Rig(placement(state), most=0).fill(spec("a/fresh")) == 0
    assert Rig(placement(state, memory_mb=512)).fill(spec("a/fresh")) == 0
    assert Rig(placement(state), most=2).fill(*map(spec, ("a/fresh", "b/fresh", "c/fresh"))) == 2


def test_one_that_cannot_be_wanted_any_more_is_given_back(state: StateDirectory) -> None:
    rig = Rig(placement(state))
    rig.fill(spec("a/fresh"))
    rig.ahead.expect([spec("b/fresh", SERVER)])
    assert read_intents(state.intents) == []


def test_it_gives_way_to_a_machine_that_is_needed_now(state: StateDirectory) -> None:
    place = placement(state, memory_mb=1500, cpus=4)
    gone: list[Intent] = []
    place.remove = lambda _host, intent: gone.append(intent)
    rig = Rig(place)
    assert rig.fill(spec("a/fresh")) == 1
    intent, _ = place.reserve(spec("b/fresh", SERVER), frozenset(), Deadline.after(5))
    assert intent.intent.cell_id == "b/fresh"
    assert [each.resources[WAITS_FOR] for each in gone] == ["a/fresh"]
    assert rig.ahead.take(spec("a/fresh"), Deadline.after(5)) is None


def test_it_stays_where_only_processors_are_missing(state: StateDirectory) -> None:
    place = placement(state, memory_mb=4096, cpus=1)
    rig = Rig(place)
    busy, _ = place.reserve(spec("now/fresh"), frozenset(), Deadline.after(5))
    rig.fill(spec("a/fresh"))
    with pytest.raises(DeadlineExceeded):
        place.reserve(spec("b/fresh", SERVER), frozenset(), Deadline.after(0.1))
    assert rig.ahead.take(spec("a/fresh"), Deadline.after(5)) is None  # it would have no processor yet
    busy.done()
    assert rig.ahead.take(spec("a/fresh"), Deadline.after(5)) is not None


def test_who_asks_while_it_is_made_waits_for_it(state: StateDirectory) -> None:
    rig = Rig(placement(state))
    rig.gate.clear()
    rig.ahead.expect([spec("a/fresh")])
    rig.ahead.begin()
    threading.Timer(0.05, rig.gate.set).start()
    assert rig.ahead.take(spec("a/fresh"), Deadline.after(10)) is not None
    assert rig.made == ["a/fresh"]


def test_the_end_of_a_run_gives_back_what_waits_and_what_is_in_the_making(state: StateDirectory) -> None:
    rig = Rig(placement(state))
    rig.fill(spec("a/fresh"))
    rig.ahead.close()
    rig.ahead.close()
    assert read_intents(state.intents) == []
    late = Rig(placement(state))
    late.gate.clear()
    late.ahead.expect([spec("a/fresh")])
    late.ahead.begin()
    threading.Timer(0.05, late.gate.set).start()
    late.ahead.close()
    assert late.made == ["a/fresh"]
    assert read_intents(state.intents) == []


def test_a_failure_ahead_of_need_is_nobodys(state: StateDirectory) -> None:
    def fail(_: Host, __: MachineSpec, intent: IntentFile) -> LibvirtMachine:
        intent.done()
        raise InfrastructureError("no")

    place = placement(state)
    ahead = Ahead(1, place.reserve_ahead, fail, place.admit)
    ahead.expect([spec("a/fresh")])
    ahead.begin()
    assert ahead.await_filled(Deadline.after(10)) == 0
    assert ahead.take(spec("a/fresh"), Deadline.after(5)) is None
