"""Access control lists in text form."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.guest.access_control import FILE_WRITES, SERVICE_WRITES, TRUSTED_INSTALLER, read_sddl
from harness.model.errors import GuestFault

PROGRAM_FILES = (
    f"O:{TRUSTED_INSTALLER}G:{TRUSTED_INSTALLER}D:PAI(A;;FA;;;{TRUSTED_INSTALLER})(A;CIIO;GA;;;{TRUSTED_INSTALLER})"
    "(A;;0x1301bf;;;SY)(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;BA)(A;;0x1200a9;;;BU)(A;OICIIO;GXGR;;;BU)(A;OICIIO;GA;;;CO)"
)


def test_the_program_files_folder_of_windows_is_in_order() -> None:
    found = read_sddl(PROGRAM_FILES)
    assert found.trusted_owner
    assert found.protected
    assert found.writable_by(FILE_WRITES) == []
    assert found.denials() == []


@pytest.mark.parametrize(
    "entry", ["(A;;FA;;;WD)", "(A;OICIID;FA;;;WD)", "(A;ID;0x1301bf;;;WD)", "(A;;FW;;;WD)", "(A;;DC;;;WD)"]
)
def test_whatever_lets_everyone_write_is_seen(entry: str) -> None:
    assert read_sddl(f"O:BAG:SYD:AI{entry}(A;ID;FA;;;SY)").writable_by(FILE_WRITES) == ["Everyone"]


def test_a_right_that_is_only_handed_down_does_not_count_here() -> None:
    assert read_sddl("O:BAD:(A;OICIIO;FA;;;WD)").writable_by(FILE_WRITES) == []


@pytest.mark.parametrize("text", ["O:BA", "O:BAD:NO_ACCESS_CONTROL"])
def test_no_list_at_all_lets_everybody_do_everything(text: str) -> None:
    assert read_sddl(text).writable_by(FILE_WRITES)


def test_an_empty_list_lets_nobody_do_anything() -> None:
    assert read_sddl("O:BAD:").writable_by(FILE_WRITES) == []


def test_the_default_list_of_a_service_is_in_order_and_a_loose_one_is_not() -> None:
    default = "D:(A;;CCLCSWRPWPDTLOCRRC;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)(A;;CCLCSWLOCRRC;;;IU)"
    assert read_sddl(default).writable_by(SERVICE_WRITES) == []
    assert read_sddl(default + "(A;;CCDCLC;;;AU)").writable_by(SERVICE_WRITES) == ["Authenticated Users"]


def test_denials_and_foreign_owners_are_named() -> None:
    found = read_sddl("O:S-1-5-21-1-2-3-1001G:BAD:(D;;FA;;;BA)(A;;FA;;;SY)")
    assert not found.trusted_owner
    assert found.denials() == ["BA"]


def test_a_condition_does_not_hide_its_entry() -> None:
    text = 'D:(XA;;FA;;;WD;(Member_of{SID(BA)} && Title=="x"))(D;;FR;;;WD)'
    found = read_sddl(text)
    assert found.denials() == ["WD"]
    assert found.writable_by(FILE_WRITES) == ["Everyone"]


@given(st.text(alphabet="OGDS:()AP;FWDBAU0x1-5 ", max_size=60))
def test_garbage_is_refused_or_read_and_nothing_else(text: str) -> None:
    with contextlib.suppress(GuestFault):
        read_sddl(text).writable_by(FILE_WRITES)


BELOW_PROGRAM_DATA = (
    "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)"
    "(A;CIID;DCLCRPCR;;;BU)"
)
"""What a folder below C:\\ProgramData inherits: users may create in it."""


def test_to_create_is_not_to_modify_where_windows_gives_it() -> None:
    folder = read_sddl(BELOW_PROGRAM_DATA)
    assert folder.modifiable_by() == []
    assert folder.creation_by() == ["Users"]


@pytest.mark.parametrize(
    "entry",
    [
        "(A;CI;DCLC;;;BU)",
        "(A;CIID;DCLCDT;;;BU)",
        "(A;CIID;SD;;;BU)",
        "(A;OICIID;0x1301bf;;;BU)",
        "(A;ID;GW;;;BU)",
    ],
)
def test_to_create_by_the_folders_own_list_or_to_do_more_is_to_modify(entry: str) -> None:
    folder = read_sddl(BELOW_PROGRAM_DATA + entry)
    assert folder.modifiable_by() == ["Users"]
    assert folder.creation_by() == []


def test_a_folder_without_a_list_is_everybodys() -> None:
    assert read_sddl("O:BA").modifiable_by()
