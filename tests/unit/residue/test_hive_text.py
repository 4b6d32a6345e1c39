"""What differs between two registries in Wine's text format."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.machines.wine_prefix.registry_text import DeleteValue, SetValue, edit, unescape
from harness.residue.hive_text import difference

BEFORE = rb"""WINE REGISTRY Version 2
;; All keys relative to REGISTRY\\Machine

#arch=win64

[Software\\BVT] 1795908894
#time=1dd7f9112250448
"Path"="C:\\\\Program Files\\\\\"BVT\""
"Start"=dword:00000002

[Software\\Empty] 1795908894
#time=1dd7f911221038e

[Software\\Long] 1795908894
#time=1dd7f911220f9ac
@="default"
"Blob"=hex(6):5c,00,52,00,65,00,\
  00,5c,00
"""


def said(after: bytes) -> set[tuple[str, str]]:
    return {(change.kind.value, change.name) for change in difference(BEFORE, after, "HKLM")}


def test_the_same_keys_written_at_another_time_differ_in_nothing() -> None:
    assert said(BEFORE.replace(b"1795908894", b"1795909999").replace(b"1dd7f911", b"1dd7f912")) == set()


def test_values_and_keys_are_found_by_what_became_of_them() -> None:
    after = edit(BEFORE, [SetValue("Software\\BVT", "Start", 4), SetValue("Software\\New", "Name", "x")])
    after = edit(after, [DeleteValue("Software\\BVT", "Path")])
    assert said(after) == {
        ("changed", "hklm\\software\\bvt\\start"),
        ("removed", "hklm\\software\\bvt\\path"),
        ("added", "hklm\\software\\new"),
        ("added", "hklm\\software\\new\\name"),
    }
    (changed,) = [each for each in difference(BEFORE, after, "HKLM") if each.kind.value == "changed"]
    assert (changed.was, changed.now) == ("dword:00000002", "dword:00000004")


def test_a_byte_in_a_continued_line_and_a_default_value_are_found() -> None:
    after = BEFORE.replace(b"00,5c,00", b"00,5d,00").replace(b'@="default"', b'@="other"')
    assert said(after) == {
        ("changed", "hklm\\software\\long\\blob"),
        ("changed", "hklm\\software\\long\\(default)"),
    }


def test_an_empty_key_that_becomes_the_way_to_another_is_not_gone() -> None:
    after = BEFORE.replace(rb"[Software\\Empty] ", rb"[Software\\Empty\\Below] ")
    assert said(after) == {("added", "hklm\\software\\empty\\below")}
    back = {(change.kind.value, change.name) for change in difference(after, BEFORE, "HKLM")}
    assert back == {("removed", "hklm\\software\\empty\\below")}


def test_what_is_no_registry_file_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Wine registry file"):
        difference(BEFORE, b"regf", "HKLM")


@given(name=st.text(min_size=1, max_size=20).filter(lambda text: "\0" not in text), data=st.text(max_size=40))
def test_any_name_and_text_that_was_added_is_named(name: str, data: str) -> None:
    if "\0" in data:
        data = data.replace("\0", "")
    after = edit(BEFORE, [SetValue("Software\\Empty", name, data)])
    (change,) = difference(BEFORE, after, "HKLM")
    assert (change.kind.value, change.path) == ("added", "HKLM\\Software\\Empty")
    assert change.value == name


@given(st.binary(max_size=200))
@example(b"[")
def test_whatever_is_in_a_section_is_compared_without_an_error(body: bytes) -> None:
    after = BEFORE + b"\n[Software\\\\Odd] 1\n" + body
    assert "HKLM\\Software\\Odd" in {change.path for change in difference(BEFORE, after, "HKLM")}


def test_an_escape_is_read_as_it_is_written() -> None:
    assert unescape(b"Control Panel\\\\\\xd83c\\xdf0e") == "Control Panel\\\N{EARTH GLOBE AMERICAS}"
