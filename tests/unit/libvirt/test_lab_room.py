"""Waiting for room on a host and on the disk."""

import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from harness.machines.disk_space import free_mb
from harness.machines.intent import IntentFile
from harness.machines.libvirt.host.host import Host, HostRestarted, HostSize
from harness.machines.libvirt.host.placement import Placement
from harness.machines.libvirt.host.storage import shortage
from harness.machines.libvirt.provider import LibvirtProvider
from harness.machines.room import Resource, RoomWait
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from harness.model.machine import MachineSpec
from harness.model.matrix import HostLimits, Pool
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion
from harness.state import StateDirectory

URI = "private:lab"
WIN11 = WindowsVersion(product_name="Windows 11 Pro", major=10, minor=0, build=26100)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateDirectory:
    monkeypatch.setattr(Host, "size", lambda _self: HostSize(memory_mb=64_000, cpus=32))
    return StateDirectory(tmp_path)


@pytest.fixture
def spec(tmp_path: Path) -> MachineSpec:
    return MachineSpec(run_id="r", cell_id="win11/fresh", image="wine-guest", windows=WIN11, media=tmp_path)


def placement(state: StateDirectory, reserve_mb: int = 0, **limits: int) -> Placement:
    host = HostLimits.model_validate({"uri": URI} | limits)
    return Placement(
        [host], {URI: Host(URI, state)}, state, storage=state.root / "not-yet", disk_reserve_mb=reserve_mb
    )


def test_a_reservation_is_on_disk_with_its_size(state: StateDirectory, spec: MachineSpec) -> None:
    intent, host = placement(state, 1).reserve(spec, frozenset(), Deadline.after(30))
    assert host.uri == URI
    assert intent.path.exists()
    said = intent.intent.resources
    assert (said["memory_mb"], said["cpus"], said["disk_mb"], said["uri"]) == (1024, 1, 1, URI)


def test_whoever_holds_the_room_is_named_when_none_comes_free(
    state: StateDirectory, spec: MachineSpec
) -> None:
    only_one = placement(state, memory_mb=1024, cpus=4)
    first, _ = only_one.reserve(spec, frozenset(), Deadline.after(30))
    first.mark_kept()
    with pytest.raises(DeadlineExceeded, match=f"room for win11/fresh.*{first.intent.machine_id}.*--kept"):
        only_one.reserve(spec, frozenset(), Deadline.after(0.3))


def told_while_waiting(waiting: Placement, spec: MachineSpec) -> list[RoomWait | None]:
    told: list[RoomWait | None] = []
    waiting.tell = lambda cell, wait: told.append(wait) if cell == spec.cell_id else None
    with pytest.raises(DeadlineExceeded):
        waiting.reserve(spec, frozenset(), Deadline.after(1.5))
    return told


def test_it_is_told_what_a_machine_waits_for_and_that_it_gave_up(
    state: StateDirectory, spec: MachineSpec
) -> None:
    only_one = placement(state, memory_mb=1500, cpus=4)
    first, _ = only_one.reserve(spec, frozenset(), Deadline.after(30))
    wait, end = told_while_waiting(only_one, spec)
    assert wait is not None
    assert wait.lacks == (Resource.MEMORY,)
    assert (
        "private:lab has 476 of 1500 MiB, 3 of 4 vCPUs free; the machine takes 1024 MiB, 1 vCPU"
        in wait.detail
    )
    assert first.intent.machine_id in wait.detail
    assert end is None


def test_it_is_told_once_while_the_disk_is_full(
    state: StateDirectory, spec: MachineSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = placement(state, 2048)
    lab.reserve(spec, frozenset(), Deadline.after(30))
    free = iter(range(3000, 0, -1))
    monkeypatch.setattr("harness.machines.libvirt.host.placement.free_mb", lambda _: next(free))
    wait, end = told_while_waiting(lab, spec)
    assert wait is not None
    assert wait.lacks == (Resource.DISK,)
    assert "3000 MiB free" in wait.detail
    assert "vCPU" not in wait.detail
    assert end is None


def test_a_machine_that_finds_room_at_once_tells_nothing(state: StateDirectory, spec: MachineSpec) -> None:
    told: list[RoomWait | None] = []
    lab = placement(state)
    lab.tell = lambda _, wait: told.append(wait)
    lab.reserve(spec, frozenset(), Deadline.after(30))
    assert told == []


def test_more_than_any_host_has_is_not_waited_for(state: StateDirectory, spec: MachineSpec) -> None:
    with pytest.raises(InfrastructureError, match=r"more than any host has \(private:lab: 512 MiB"):
        placement(state, memory_mb=512).reserve(spec, frozenset(), Deadline.after(60))
    with pytest.raises(InfrastructureError, match="2048 MiB of disk, more than any host has"):
        placement(state, 2048, disk_mb=1000).reserve(spec, frozenset(), Deadline.after(60))


def test_a_full_disk_refuses_a_machine_and_names_path_and_free_space(
    state: StateDirectory, spec: MachineSpec
) -> None:
    with pytest.raises(InfrastructureError, match=r"no room for win11/fresh: .*not-yet has \d+ MiB free"):
        placement(state, 1 << 40).reserve(spec, frozenset(), Deadline.after(60))


def test_machines_that_are_being_made_need_their_share_of_the_disk(state: StateDirectory) -> None:
    intent = IntentFile.begin(state.intents, provider="libvirt", run_id="r")
    place = state.root
    assert shortage(place, 2048, 2048, [intent.intent]) == ""
    intent.add(domain="bvt-1")
    assert "that are being made may need 4096 MiB" in shortage(place, 4095, 2048, [intent.intent])
    intent.add(ready=True)
    assert shortage(place, 2048, 2048, [intent.intent]) == ""
    assert free_mb(place / "a" / "b") > 0


def test_waiting_for_room_does_not_use_up_the_time_to_become_ready(
    state: StateDirectory, spec: MachineSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(provider="libvirt", substrates=(Substrate.TCG,), hosts=(HostLimits(uri=URI, cpus=1),))
    provider = LibvirtProvider(pool.model_copy(update={"options": {"disk_reserve_mb": 0}}), state)
    taken = provider._placement.reserve(spec, frozenset(), Deadline.after(30))
    left: list[float] = []

    clock, waited_s = time.monotonic, 0.0

    def wait(*_: object) -> tuple[IntentFile, Host]:
        nonlocal waited_s
        waited_s += 500
        return taken

    def make(*arguments: Any) -> str:
        left.append(arguments[-1].remaining_s)
        return "machine"

    monkeypatch.setitem(provider._prepared, spec.image, Mock())
    monkeypatch.setattr(provider._placement, "reserve", wait)
    monkeypatch.setattr(provider._maker, "make", make)
    monkeypatch.setattr(time, "monotonic", lambda: clock() + waited_s)
    provider.create(spec, Deadline.after(600))
    assert left[0] > 500


@pytest.mark.parametrize(("times", "made"), [(2, True), (3, False)])
def test_a_daemon_that_restarts_while_a_machine_is_made_costs_no_attempt(
    state: StateDirectory, spec: MachineSpec, monkeypatch: pytest.MonkeyPatch, times: int, made: bool
) -> None:
    pool = Pool(provider="libvirt", substrates=(Substrate.TCG,), hosts=(HostLimits(uri=URI),))
    provider = LibvirtProvider(pool.model_copy(update={"options": {"disk_reserve_mb": 0}}), state)
    left = [HostRestarted("End of file while reading data.")] * times

    def make(*_: object) -> str:
        if left:
            raise left.pop()
        return "machine"

    monkeypatch.setitem(provider._prepared, spec.image, Mock())
    monkeypatch.setattr(provider._maker, "make", make)
    if made:
        assert provider.create(spec, Deadline.after(60)) == "machine"  # type: ignore[comparison-overlap]
    else:
        with pytest.raises(HostRestarted):
            provider.create(spec, Deadline.after(60))
