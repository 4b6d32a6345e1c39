"""Hives whose records lead in circles, or to the same place again and again: one sentence, and soon."""

import struct
import tracemalloc

import pytest

from harness.offline.errors import HiveUnreadable
from harness.offline.hive import REG_DWORD, REG_QWORD, HiveValue
from harness.offline.hive_cells import BINS, Cells, KeyNode
from harness.offline.hive_difference import difference
from tests.unit.offline.hive_making import Key, make_hive

EMPTY = make_hive(Key(b"root"))
NODE_SUBKEYS, NODE_VALUES = 20, 36
"""In a key's record: the number of its subkeys, and of its values; each with a place after it."""


def keys(hive: bytearray) -> dict[str, KeyNode]:
    """Every key by its name."""
    cells = Cells(bytes(hive))
    found, left = dict[str, KeyNode](), [cells.root]
    while left:
        node = cells.key(left.pop())
        found[cells.name(node)] = node
        left += cells.children(node)
    return found


def point(hive: bytearray, key: KeyNode, to: KeyNode) -> None:
    """Let a key have the subkeys of another one."""
    struct.pack_into("<I", hive, key.at + NODE_SUBKEYS, to.subkeys)
    struct.pack_into("<I", hive, key.at + NODE_SUBKEYS + 8, to.subkeys_at)


def deep(depth: int) -> Key:
    """Two keys in each key; one of them goes on."""
    below = (deep(depth - 1), Key(b"%dy" % depth)) if depth else ()
    return Key(b"%dx" % depth, keys=below)


def test_a_list_of_lists_that_names_itself() -> None:
    hive = bytearray(make_hive(Key(b"root", keys=tuple(Key(b"k%03d" % number) for number in range(300)))))
    index = keys(hive)["root"].subkeys_at
    struct.pack_into("<2sH600I", hive, BINS + index + 4, b"ri", 600, *[index] * 600)
    with pytest.raises(HiveUnreadable, match="has no end"):
        difference(EMPTY, bytes(hive))


def test_keys_that_all_lead_to_the_same_keys() -> None:
    """Each step doubles the ways: more than anybody walks, though no key lies in itself."""
    hive = bytearray(make_hive(Key(b"root", keys=(deep(60),))))
    found = keys(hive)
    for depth in range(1, 60):
        point(hive, found[f"{depth + 1}y"], found[f"{depth}x"])  # which lie side by side
    with pytest.raises(HiveUnreadable, match="its keys have no end"):
        difference(EMPTY, bytes(hive))
    with pytest.raises(HiveUnreadable, match="its keys have no end"):
        difference(bytes(hive), EMPTY)


def test_values_that_all_lead_to_the_same_data() -> None:
    values: dict[bytes | str, tuple[int, bytes]] = {
        b"v%03d" % number: (3, b"x" * (4000 if number == 0 else 8)) for number in range(200)
    }
    hive = bytearray(make_hive(Key(b"root", values)))
    cells = Cells(bytes(hive))
    first, *others = (cells.cell(at)[0] for at in cells.value_cells(cells.key(cells.root)))
    for at in others:
        hive[at + 4 : at + 12] = hive[first + 4 : first + 12]
    with pytest.raises(HiveUnreadable, match="its values are larger than itself"):
        difference(EMPTY, bytes(hive))


def test_large_data_of_more_parts_than_it_has() -> None:
    hive = bytearray(make_hive(Key(b"root", {b"v": (3, b"x" * 20000), b"w": (3, b"y" * 40000)})))
    cells = Cells(bytes(hive))
    one, other = (cells.cell(at)[0] for at in cells.value_cells(cells.key(cells.root)))
    (x_at,), (y_at,) = (struct.unpack_from("<I", hive, at + 8) for at in (one, other))
    struct.pack_into("<2sHI", hive, BINS + x_at + 4, b"db", 9000, y_at)
    struct.pack_into("<9000I", hive, BINS + y_at + 4, *[x_at] * 9000)
    tracemalloc.start()
    value = next(each for each in difference(EMPTY, bytes(hive)) if each.value == "v")
    assert tracemalloc.get_traced_memory()[1] < 20 * 1024**2
    tracemalloc.stop()
    assert isinstance(value.now, HiveValue)
    assert len(value.now.data) == 20000


def test_a_value_whose_record_is_the_last_of_the_hive() -> None:
    hive = bytearray(make_hive(Key(b"root", {b"": (4, b"\1\0\0\0")})))
    cells = Cells(bytes(hive))
    root = cells.key(cells.root)
    record = cells.cell(cells.value_cells(root)[0])[0]
    hive[-24:] = struct.pack("<i", -24) + hive[record : record + 20]
    struct.pack_into("<I", hive, cells.cell(root.values_at)[0], len(hive) - 24 - BINS)
    other = bytearray(hive)
    other[12] ^= 1  # a time in its head: the pages with keys are the same
    assert difference(bytes(hive), bytes(other)) == []


@pytest.mark.parametrize("kind", [REG_DWORD, REG_QWORD])
def test_a_number_of_thousands_of_digits_is_shown_as_bytes(kind: int) -> None:
    assert str(HiveValue(name="n", type=kind, data=b"\1" * 5000)) == "01" * 5000
    assert str(HiveValue(name="n", type=kind, data=b"\1\0\0\0")) == "1"
