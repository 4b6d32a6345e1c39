"""Which host a machine goes to."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.machines.intent import Intent, Owner
from harness.machines.libvirt.host.capacity import (
    Room,
    Size,
    emptiest,
    holders,
    lacks,
    nearest,
    reservations,
    room_of,
    what_is_free,
)
from harness.machines.libvirt.host.host import HostSize
from harness.machines.room import Resource
from harness.model.matrix import HostLimits


def intent(provider: str = "libvirt", kept: bool = False, **resources: Any) -> Intent:
    return Intent(
        kept=kept,
        machine_id="bvt-1",
        provider=provider,
        run_id="r",
        owner=Owner.this_process(),
        created=datetime.now(UTC),
        resources=resources,
    )


def test_memory_and_processors_both_limit() -> None:
    assert Room("a", memory_mb=4096, cpus=10).fits(Size(1024, 1)) == 4
    assert Room("a", memory_mb=40960, cpus=2).fits(Size(1024, 1)) == 2
    assert Room("a", memory_mb=4096, cpus=10, taken=Size(3500)).fits(Size(1024, 1)) == 0


def test_disk_limits_where_the_pool_says_how_much_there_is() -> None:
    assert Room("a", memory_mb=40960, cpus=20, disk_mb=7000).fits(Size(1024, 1, 2048)) == 3
    assert Room("a", 40960, 20, Size(disk_mb=6000), disk_mb=7000).fits(Size(1024, 1, 2048)) == 0
    assert Room("a", memory_mb=4096, cpus=20).fits(Size(1024, 1, 2048)) == 4
    assert room_of(HostLimits(uri="a", disk_mb=5), HostSize(4096, 2)).disk_mb == 5


def test_what_a_host_lacks_is_what_does_not_fit() -> None:
    size = Size(1024, 2, 2048)
    assert lacks(Room("a", 4096, 4), size) == ()
    assert lacks(Room("a", 4096, 4, Size(3500, 3)), size) == (Resource.MEMORY, Resource.CPUS)
    assert lacks(Room("a", 4096, 4, Size(disk_mb=6000), disk_mb=7000), size) == (Resource.DISK,)


@given(
    st.builds(
        Room,
        st.just("a"),
        st.integers(0, 8192),
        st.integers(0, 8),
        st.builds(Size, st.integers(0, 9000), st.integers(0, 9), st.integers(0, 9000)),
        st.none() | st.integers(0, 9000),
    ),
    st.builds(Size, st.integers(0, 4096), st.integers(0, 4), st.integers(0, 4096)),
)
def test_a_host_without_room_always_lacks_something(room: Room, size: Size) -> None:
    assert bool(lacks(room, size)) == (room.fits(size) == 0)


def test_of_several_hosts_the_one_that_lacks_least_is_waited_for_if_it_is_large_enough() -> None:
    busy, nearly, small = (
        Room("a", 4096, 4, Size(4096, 4)),
        Room("b", 4096, 4, Size(4096, 1)),
        Room("c", 512, 4),
    )
    assert nearest([busy, nearly, small], Size(1024, 1)) is nearly
    said = what_is_free(Room("a", 4096, 4, Size(3500, 3, 6000), 7000), Size(1024, 2, 2048))
    assert said == (
        "a has 596 of 4096 MiB, 1 of 4 vCPUs, 1000 of 7000 MiB of disk free; the machine takes 1024 MiB, 2 vCPU,"
        " 2048 MiB of disk."
    )


def test_who_holds_the_room_is_named_kept_machines_first() -> None:
    taken = [intent(uri="a"), intent(uri="a", kept=True), intent(uri="b")]
    said = holders(taken, ["a"])
    assert said.startswith("The room is held by bvt-1 (no cell of run r, kept), bvt-1 (no cell of run r).")
    assert "bvt clean --kept" in said
    assert "and 2 more" in holders(taken[:1] * 8, ["a"])
    assert "bvt clean" not in holders(taken[:1], ["a"])
    assert holders(taken, ["c"]) == ""


def test_the_pools_limits_beat_the_hosts_size() -> None:
    size = HostSize(memory_mb=64_000, cpus=32)
    assert room_of(HostLimits(uri="a", memory_mb=2048, cpus=3), size) == Room("a", 2048, 3)
    assert room_of(HostLimits(uri="a"), size) == Room("a", 62_976, 64)


def test_machines_of_all_runs_count_on_their_own_host_only() -> None:
    taken = reservations(
        [
            intent(uri="a", memory_mb=1024, cpus=1),
            intent(uri="a", memory_mb=512, cpus=2, disk_mb=2048),
            intent(uri="b", memory_mb=1, cpus=1),
            intent(provider="wine", uri="a", memory_mb=9, cpus=9),
            intent(),
        ]
    )
    assert taken == {"a": Size(1536, 3, 2048), "b": Size(1, 1)}


def test_the_emptiest_host_is_chosen_and_a_full_one_never() -> None:
    rooms = [Room("a", 2048, 8, Size(1024, 1)), Room("b", 4096, 8)]
    chosen = emptiest(rooms, Size(1024, 1))
    assert chosen is not None
    assert chosen.uri == "b"
    assert emptiest([Room("a", 512, 8)], Size(1024, 1)) is None
    assert emptiest([], Size(1024, 1)) is None


@given(
    st.lists(st.tuples(st.integers(0, 16), st.integers(0, 16)), max_size=5),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_placing_until_nothing_fits_never_overcommits(
    sizes: list[tuple[int, int]], memory: int, cpus: int
) -> None:
    rooms = {str(i): Room(str(i), *size) for i, size in enumerate(sizes)}
    placed = 0
    while (chosen := emptiest(list(rooms.values()), Size(memory, cpus))) is not None:
        placed += 1
        rooms[chosen.uri] = Room(
            chosen.uri,
            chosen.memory_mb,
            chosen.cpus,
            Size(chosen.taken.memory_mb + memory, chosen.taken.cpus + cpus),
        )
    assert placed == sum(min(m // memory, c // cpus) for m, c in sizes)
    for room in rooms.values():
        assert room.taken.memory_mb <= room.memory_mb
        assert room.taken.cpus <= room.cpus
