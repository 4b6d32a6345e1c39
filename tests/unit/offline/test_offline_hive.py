"""Hives from bytes, whatever the bytes."""

import random

import pytest

from harness.offline.errors import HiveUnreadable, NotAHive, NotOnDisk
from harness.offline.hive import HiveValue, parse_hive
from tests.integration.offline.making import base_block, empty_hive


def test_a_clean_hive_has_no_warnings_and_an_empty_root() -> None:
    hive = parse_hive(empty_hive())
    assert (hive.warnings, hive.subkeys(), hive.values("")) == ((), (), ())


def test_a_header_torn_in_mid_write_is_a_warning_and_the_rest_is_read() -> None:
    data = bytearray(empty_hive())
    data[20] ^= 0xFF
    hive = parse_hive(bytes(data), "SYSTEM")
    assert hive.warnings == ("SYSTEM is dirty: the machine stopped while it was being written",)
    assert hive.subkeys() == ()


@pytest.mark.parametrize(
    ("log", "warned"),
    [
        (base_block(1, 1)[:512], True),
        (base_block(2, 2)[:512], True),
        (base_block(0, 0)[:512], False),  # older than the hive
        (bytes(512), False),
        (b"", False),
    ],
)
def test_a_dirty_hives_transaction_log_counts_if_it_is_not_older(log: bytes, warned: bool) -> None:
    dirty = base_block(2, 1) + empty_hive()[4096:]
    found = parse_hive(dirty, "SYSTEM", {".LOG1": log}).warnings[1:]
    assert found == (("SYSTEM.LOG1 holds later changes that are not shown here",) if warned else ())


def test_a_clean_hives_transaction_log_is_an_old_one() -> None:
    assert parse_hive(empty_hive(), "SYSTEM", {".LOG1": base_block(2, 2)[:512]}).warnings == ()


@pytest.mark.parametrize("data", [b"", b"regf", b"MZ" + bytes(9000), bytes(4096)])
def test_what_is_no_hive_is_said(data: bytes) -> None:
    with pytest.raises(NotAHive, match="is no registry hive"):
        parse_hive(data)


@pytest.mark.parametrize("kind", [1, 2, 6])
@pytest.mark.parametrize("size", [512, 4096])
def test_a_transaction_log_is_named_for_what_it_is(kind: int, size: int) -> None:
    log = bytearray(base_block(2, 1)[:size])
    log[0x1C] = kind
    with pytest.raises(NotAHive, match=r"SYSTEM\.LOG1 is a transaction log.*without \.LOG"):
        parse_hive(bytes(log), "SYSTEM.LOG1")


def test_a_hive_that_ends_in_its_header_is_not_a_whole_one() -> None:
    with pytest.raises(NotAHive, match="no whole registry hive: it has 600 bytes"):
        parse_hive(base_block(1, 1)[:600])


def test_a_hive_without_its_root_key_is_damaged() -> None:
    with pytest.raises(HiveUnreadable, match="of SYSTEM cannot be read"):
        parse_hive(base_block(1, 1) + bytes(4096), "SYSTEM").subkeys()


def test_damaged_hives_answer_or_say_why_not() -> None:
    good, dice, refused = empty_hive(), random.Random(7), 0
    for _ in range(500):
        data = bytearray(good)
        for _ in range(dice.choice([1, 5, 50])):
            data[dice.choice([dice.randrange(512), 4096 + dice.randrange(200)])] = dice.randrange(256)
        try:
            hive = parse_hive(bytes(data[: dice.choice([len(data), dice.randrange(len(data))])]))
            hive.subkeys()
            hive.value("a\\b", "c")
        except (HiveUnreadable, NotAHive, NotOnDisk):
            refused += 1
    assert 0 < refused < 500


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        (1, "abc\0".encode("utf-16-le"), "abc"),
        (1, b"a\0b", "a"),
        (2, "%x%".encode("utf-16-le"), "%x%"),
        (4, b"\x01\x02\0\0", "513"),
        (7, "a\0b\0\0".encode("utf-16-le"), "a\nb"),
        (11, b"\xff" * 8, str(2**64 - 1)),
        (3, b"\x00\xff", "00ff"),
    ],
)
def test_a_value_shows_itself_by_its_type(kind: int, data: bytes, shown: str) -> None:
    assert str(HiveValue(name="", type=kind, data=data)) == shown
