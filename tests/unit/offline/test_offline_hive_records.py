"""Small data and strange names, which a library reads wrongly: right here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.offline.errors import HiveUnreadable, NotAHive, NotOnDisk
from harness.offline.hive import Hive, parse_hive
from harness.offline.hive_record import from_shown, key_name, resident_data, shown, value_name
from tests.unit.offline.hive_making import Key, make_hive, text

SEVEN: "dict[bytes | str, tuple[int, bytes]]" = {b"x": (4, b"\x07\0\0\0")}
STRANGE = (b"a\0b", b"\x9f", b"\x80x", b"\xe4\xdf", "s\ud800x", "\u4e2d", "\udc00", b"plain")


def hive(*keys: "bytes | str") -> Hive:
    return parse_hive(make_hive(Key(b"root", keys=tuple(Key(name, SEVEN) for name in keys))))


@given(st.dictionaries(st.from_regex(rb"[a-z]{1,9}", fullmatch=True), st.binary(max_size=40), max_size=12))
def test_data_of_any_length_is_read_as_it_is(stored: dict[bytes, bytes]) -> None:
    found = parse_hive(make_hive(Key(b"root", {name: (3, data) for name, data in stored.items()})))
    assert {value.name.encode(): value.data for value in found.values("")} == stored


@pytest.mark.parametrize("length", range(6))
def test_one_to_three_bytes_are_not_zeros(length: int) -> None:
    data = bytes(range(0x11, 0x11 + length))
    found = parse_hive(make_hive(Key(b"root", {b"v": (3, data)}))).value("", "V")
    assert found is not None
    assert (found.data, str(found)) == (data, data.hex())


def test_one_character_without_a_terminating_zero_is_text() -> None:
    found = parse_hive(make_hive(Key(b"root", {b"v": (1, "A".encode("utf-16-le"))}))).value("", "v")
    assert found is not None
    assert found.text == "A"


@pytest.mark.parametrize("name", STRANGE, ids=ascii)
def test_a_strange_key_is_listed_and_found_by_its_name(name: "bytes | str") -> None:
    found = hive(*STRANGE)
    assert text(name) in found.subkeys()
    value = found.value(text(name), "x")
    assert value is not None
    assert value.number == 7


def test_a_key_is_not_found_by_the_half_of_its_name() -> None:
    found = hive(b"a\0b", b"plain")
    assert not found.has("a")
    assert found.has("A\0B")
    with pytest.raises(NotOnDisk, match=r"no key a\{U\+0000\}c"):
        found.subkeys("a\0c")


def test_the_whole_name_is_found_beside_one_that_begins_like_it() -> None:
    found = hive(b"a\0b", b"a")
    assert found.has("a")
    assert found.has("a\0b")


@pytest.mark.parametrize("name", ["n\0m", "\ud83d", "ÄÖ", "\x85"], ids=ascii)
def test_a_strange_value_is_found_by_its_name(name: str) -> None:
    found = parse_hive(make_hive(Key(b"root", {name: (4, b"\x07\0\0\0")}))).value("", name)
    assert found is not None
    assert (found.name, found.number) == (name, 7)


KEY_NAMES = st.text(st.characters(exclude_characters="\\"), min_size=1, max_size=20)


@given(st.lists(KEY_NAMES, min_size=1, max_size=6, unique_by=lambda name: name.upper()))
def test_any_name_is_listed(names: list[str]) -> None:
    assert set(hive(*names).subkeys()) == set(names)


@given(st.binary(max_size=100), st.integers(0, 110))
def test_a_record_is_read_or_refused(data: bytes, offset: int) -> None:
    for read in (key_name, value_name, resident_data):
        for prefix in (b"", b"nk", b"vk"):
            try:
                read(prefix + data, offset)
            except ValueError:
                continue


@given(st.data())
def test_a_damaged_hive_answers_or_says_why_not(dice: st.DataObject) -> None:
    data = bytearray(make_hive(Key(b"root", SEVEN, (Key(b"a\0b", SEVEN), Key("\u4e2d", {b"y": (3, b"12")})))))
    for _ in range(dice.draw(st.integers(1, 8))):
        data[dice.draw(st.integers(4096, 4096 + 700))] = dice.draw(st.integers(0, 255))
    try:
        found = parse_hive(bytes(data))
        for name in found.subkeys():
            found.values(name)
    except (HiveUnreadable, NotAHive, NotOnDisk):
        return


@given(st.text())
def test_what_is_shown_has_a_way_back_and_can_be_printed(name: str) -> None:
    written = shown(name)
    written.encode()
    assert "{U+" in name or from_shown(written) == name
