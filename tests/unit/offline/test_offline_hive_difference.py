"""Two moments of a hive: exactly what differs is told, and damage is said."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.offline.errors import HiveUnreadable
from harness.offline.hive import HiveValue
from harness.offline.hive_difference import difference
from tests.unit.offline.hive_making import Key, make_hive

Tree = dict[tuple[str, ...], dict[str, tuple[int, bytes]]]
NAMES = st.text("abc", min_size=1, max_size=2)
DATA = st.one_of(st.binary(max_size=12), st.integers(4090, 4100).map(bytes))
VALUES = st.dictionaries(NAMES, st.tuples(st.sampled_from([1, 3, 4]), DATA), max_size=3)
TREES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map(tuple), VALUES, max_size=6)


def whole(tree: Tree) -> Tree:
    """With the keys that are only on the way."""
    ways: Tree = {path[:depth]: {} for path in tree for depth in range(1, len(path))}
    return ways | tree


def made(tree: Tree) -> bytes:
    def key(path: tuple[str, ...]) -> Key:
        below = sorted(each for each in every if each[:-1] == path and each)
        values: dict[bytes | str, tuple[int, bytes]] = {
            name.encode(): data for name, data in every.get(path, {}).items()
        }
        return Key((path[-1] if path else "root").encode(), values, tuple(key(each) for each in below))

    every = whole(tree)
    return make_hive(key(()))


def expected(was: Tree, now: Tree) -> set[tuple[str, str | None]]:
    before, after = whole(was), whole(now)
    found: set[tuple[str, str | None]] = {("\\".join(path), None) for path in before.keys() ^ after.keys()}
    for path in before.keys() | after.keys():
        old, new = before.get(path, {}), after.get(path, {})
        found |= {
            ("\\".join(path), name) for name in old.keys() | new.keys() if old.get(name) != new.get(name)
        }
    return found


@given(TREES, TREES)
@settings(max_examples=25, deadline=None)
def test_exactly_what_differs_is_told(was: Tree, now: Tree) -> None:
    assert {(each.key, each.value) for each in difference(made(was), made(now))} == expected(was, now)
    assert difference(made(was), made(was)) == []


def test_a_value_among_many_is_found_where_it_lies() -> None:
    def hive(level: bytes) -> bytes:
        keys = tuple(
            Key(b"k%d" % number, {b"Level": (4, level if number == 77 else b"\1\0\0\0")})
            for number in range(300)
        )
        return make_hive(Key(b"root", keys=keys))

    (found,) = difference(hive(b"\1\0\0\0"), hive(b"\2\0\0\0"))
    assert isinstance(found.now, HiveValue)
    assert (found.key, found.value, found.now.number) == ("k77", "Level", 2)


def test_what_is_no_hive_is_said() -> None:
    with pytest.raises(HiveUnreadable, match="SOFTWARE cannot be compared"):
        difference(made({}), b"nothing", "SOFTWARE")


@given(st.integers(4096, 8000), st.binary(min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_damage_is_said_and_ends(at: int, junk: bytes) -> None:
    good = made({("a", "b"): {"c": (3, b"x" * 40)}, ("d",): {"e": (1, b"y" * 4000)}})
    damaged = good[:at] + junk + good[at + len(junk) :]
    with suppress(HiveUnreadable):
        difference(good, damaged)
