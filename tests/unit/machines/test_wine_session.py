"""Which number of wineserver's memory is the session of the program that boots Wine."""

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.wine_prefix.session import BOOTER_IMAGE, Memory, open_session_0, session_of_booter

START = 0x555555C00000
NAME, PROCESS, TOKEN = 0x100, 0x400, 0x800
IMAGE = BOOTER_IMAGE.encode("utf-16-le")


def wineserver(
    *,
    image: bytes = IMAGE,
    session: int = 1,
    machine: int = 0x8664,
    pid: int = 7,
    primary: int = 1,
    of: int = 1,
) -> bytearray:
    """A heap with one process and its token, laid out by hand from server/process.h and server/token.c."""
    heap = bytearray(0x1000)
    heap[NAME : NAME + len(image)] = image
    struct.pack_into("=I", heap, PROCESS + 152, session)
    struct.pack_into("=Hxxi", heap, PROCESS + 176, machine, pid)
    struct.pack_into("=I", heap, PROCESS + 228, len(image))
    struct.pack_into("=Q", heap, PROCESS + 232, START + NAME)
    struct.pack_into("=Q", heap, PROCESS + 352, START + TOKEN)
    struct.pack_into("=II", heap, TOKEN + 144, primary, of)
    return heap


def found(heap: bytes | bytearray) -> int | None:
    return session_of_booter(Memory(((START - 0x10000, bytes(64)), (START, bytes(heap)))))


def test_it_is_found_in_the_boot_programs_token() -> None:
    assert found(wineserver()) == START + TOKEN + 148


@pytest.mark.parametrize(
    "heap",
    [
        wineserver(session=0),
        wineserver(machine=0x14C),
        wineserver(pid=0),
        wineserver(primary=0),
        wineserver(of=0),
        wineserver(of=2),
        wineserver(image=IMAGE.replace(b"w\0i\0n\0e\0b", b"w\0i\0n\0e\0c")),
        wineserver(image=IMAGE + b".\0"),
        wineserver()[: TOKEN + 151],
    ],
    ids=["session", "machine", "pid", "impersonation", "done", "other", "image", "longer", "cut off"],
)
def test_a_record_that_looks_otherwise_is_left_alone(heap: bytearray) -> None:
    assert found(heap) is None


def test_two_such_records_are_left_alone() -> None:
    heap = wineserver() + bytes(0x1000)
    heap[0x1000 + PROCESS : 0x1000 + PROCESS + 400] = heap[PROCESS : PROCESS + 400]
    struct.pack_into("=Q", heap, 0x1000 + PROCESS + 352, START + TOKEN + 0x1000)
    struct.pack_into("=II", heap, 0x1000 + TOKEN + 144, 1, 1)
    assert found(heap) is None


@given(st.data())
def test_no_other_record_than_a_whole_one_is_taken(data: st.DataObject) -> None:
    """Whatever byte of those that count is another, nothing is found."""
    places = [
        NAME + 5,
        PROCESS + 152,
        PROCESS + 176,
        PROCESS + 228,
        PROCESS + 233,
        PROCESS + 353,
        TOKEN + 144,
    ]
    heap = wineserver()
    place = data.draw(st.sampled_from(places))
    heap[place] ^= data.draw(st.integers(1, 255))
    assert found(heap) is None


@given(st.binary(max_size=2000))
def test_any_memory_at_all_is_survived(content: bytes) -> None:
    assert (
        session_of_booter(Memory(((START, content + IMAGE + struct.pack("=Q", START + len(content))),)))
        is None
    )


def test_a_process_that_is_no_wineserver_is_left_alone_and_said() -> None:
    with pytest.raises(OSError, match="does not look as in Wine"):
        open_session_0(os.getpid())
    with pytest.raises(OSError, match="No such file"):
        open_session_0(2**22 + 1)
