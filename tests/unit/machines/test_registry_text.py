"""Editing Wine's registry files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.wine_prefix.registry_text import DeleteValue, SetValue, edit, read_value

SAMPLE = rb"""WINE REGISTRY Version 2
;; All keys relative to REGISTRY\\Machine

#arch=win64

[Software\\Empty] 1795325102
#time=1dd7a41d30c9428

[Software\\Microsoft\\Windows NT\\CurrentVersion] 1795325102
#time=1dd7a41d345fcea
"CurrentBuild"="7601"
"DigitalProductId"=hex:00,00,00,\
  00,00,"CurrentVersion"
"CurrentVersion"="6.1"
@="default"

[Software\\Microsoft\\Windows NT\\CurrentVersion\\AeDebug] 1795325102
"Auto"="1"
"""
KEY = "Software\\Microsoft\\Windows NT\\CurrentVersion"
text_values = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
names = text_values.filter(lambda name: name != "")


def test_a_value_is_replaced_where_it_stands() -> None:
    edited = edit(SAMPLE, [SetValue(KEY, "CurrentBuild", "26100")])
    assert edited == SAMPLE.replace(b'"7601"', b'"26100"')


def test_key_and_value_names_ignore_case() -> None:
    edited = edit(SAMPLE, [SetValue(KEY.upper(), "currentbuild", "26100")])
    assert read_value(edited, KEY, "CurrentBuild") == "26100"
    assert edited.count(b"AeDebug") == 1


def test_a_name_inside_another_values_data_is_not_mistaken_for_the_value() -> None:
    edited = edit(SAMPLE, [DeleteValue(KEY, "CurrentVersion")])
    assert read_value(edited, KEY, "CurrentVersion") is None
    assert b'00,00,"CurrentVersion"' in edited


def test_a_value_is_deleted_with_its_continuation_lines() -> None:
    edited = edit(SAMPLE, [DeleteValue(KEY, "DigitalProductId")])
    assert b"hex:" not in edited
    assert b"00,00" not in edited
    assert read_value(edited, KEY, "CurrentVersion") == "6.1"


def test_a_new_value_goes_into_an_empty_key() -> None:
    edited = edit(SAMPLE, [SetValue("Software\\Empty", "Number", 10)])
    assert b'#time=1dd7a41d30c9428\n"Number"=dword:0000000a\n\n[Software' in edited


def test_a_missing_key_is_made() -> None:
    edited = edit(SAMPLE, [SetValue("Software\\Wine\\Drives", "d:", "cdrom")])
    assert edited.endswith(b'\n[Software\\\\Wine\\\\Drives] 0\n"d:"="cdrom"\n')


def test_deleting_what_is_not_there_changes_nothing() -> None:
    assert edit(SAMPLE, [DeleteValue(KEY, "Nothing"), DeleteValue("No\\Key", "Nothing")]) == SAMPLE


def test_the_default_value_is_addressed_by_an_empty_name() -> None:
    assert read_value(edit(SAMPLE, [SetValue(KEY, "", "other")]), KEY, "") == "other"


def test_a_file_that_is_no_wine_registry_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Wine registry"):
        edit(b"Windows Registry Editor Version 5.00\n", [])


def test_a_nul_in_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        edit(SAMPLE, [SetValue(KEY, "a\0b", "")])


@given(name=names, data=st.one_of(text_values, st.integers(0, 2**32 - 1)))
def test_what_is_written_is_read_back(name: str, data: str | int) -> None:
    edited = edit(SAMPLE, [SetValue(KEY, name, data)])
    assert read_value(edited, KEY, name) == data


@given(key=names, name=names, data=text_values)
def test_editing_twice_is_editing_once(key: str, name: str, data: str) -> None:
    change = SetValue(key, name, data)
    once = edit(SAMPLE, [change])
    assert edit(once, [change]) == once
    assert read_value(once, key, name) == data


@given(name=names.filter(lambda n: n.lower() not in {"currentbuild", "currentversion", "digitalproductid"}))
def test_setting_and_deleting_leaves_the_file_as_it_was(name: str) -> None:
    assert edit(SAMPLE, [SetValue(KEY, name, "x"), DeleteValue(KEY, name)]) == SAMPLE


@given(rest=st.binary(max_size=300), name=names)
def test_whatever_the_file_holds_a_written_value_can_be_read(rest: bytes, name: str) -> None:
    read_value(b"WINE REGISTRY Version 2\n" + rest, KEY, name)
    edited = edit(b"WINE REGISTRY Version 2\n" + rest, [DeleteValue(KEY, name)])
    assert edited.startswith(b"WINE REGISTRY Version 2\n")
