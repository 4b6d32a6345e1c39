"""Which empty folders Windows Installer removes by itself, and so are not the candidate's residue on Wine."""

from hypothesis import given
from hypothesis import strategies as st

from harness.candidate.msi_own_folders import own_folders
from harness.candidate.msi_tables import Tables
from harness.lifecycle.folders_of_wine import empty_ones, vendors_folders

ACME = "c:\\program files\\acme"


def tables(*components: tuple[str, int]) -> Tables:
    rows = (
        ("TARGETDIR", "", "SourceDir"),
        ("ProgramFiles64Folder", "TARGETDIR", "PFiles"),
        ("Vendor", "ProgramFiles64Folder", "ACME~1|Acme"),
        ("INSTALLDIR", "Vendor", "Beat"),
        ("Spare", "Vendor", "Spare"),
    )
    return {
        "Directory": tuple(
            {"Directory": key, "Directory_Parent": parent, "DefaultDir": name} for key, parent, name in rows
        ),
        "Component": tuple(
            {"Component": f"c{n}", "Directory_": key, "Attributes": str(bits)}
            for n, (key, bits) in enumerate(components)
        ),
    }


def test_folders_with_a_component_and_those_above_them_go_but_not_the_systems() -> None:
    assert own_folders(tables(("INSTALLDIR", 256)), {}) == {ACME, f"{ACME}\\beat"}


def test_a_folder_in_a_users_profile_is_known_once_the_machine_has_told_where_that_is() -> None:
    rows = (
        ("LocalAppDataFolder", "TARGETDIR", "AppData"),
        ("Vendor", "LocalAppDataFolder", "Acme"),
    )
    found = {
        "Directory": tuple(
            {"Directory": key, "Directory_Parent": parent, "DefaultDir": name} for key, parent, name in rows
        ),
        "Component": ({"Component": "c", "Directory_": "Vendor", "Attributes": "0"},),
    }
    assert own_folders(found, {}) == frozenset()
    local = "C:\\users\\u\\AppData\\Local"
    assert own_folders(found, {"LocalAppDataFolder": local}) >= {f"{local.lower()}\\acme"}


def test_what_a_permanent_component_holds_stays_on_windows_too() -> None:
    assert own_folders(tables(("INSTALLDIR", 256), ("Spare", 16)), {}) == {f"{ACME}\\beat"}


def test_a_folder_that_the_command_line_moves_is_where_it_says() -> None:
    found = own_folders(tables(("INSTALLDIR", 256)), {"INSTALLDIR": "C:\\Elsewhere\\Beat\\"})
    assert "c:\\elsewhere\\beat" in found


def test_an_msi_without_folders_has_none() -> None:
    assert own_folders({}, {}) == frozenset()


def test_a_folder_with_anything_in_it_is_not_empty() -> None:
    own = {ACME, f"{ACME}\\beat"}
    assert empty_ones(own, own) == sorted(own)
    assert empty_ones(own, {*own, f"{ACME}\\beat\\left.log"}) == []
    assert empty_ones(own, {*own, f"{ACME}\\made by the agent"}) == [f"{ACME}\\beat"]
    assert empty_ones(own, {*own, f"{ACME}\\beat2"}) == [f"{ACME}\\beat"]


PATH = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map("\\".join)


@given(st.sets(PATH), st.sets(PATH))
def test_what_is_excused_holds_nothing_that_is_not(folders: set[str], others: set[str]) -> None:
    there = folders | others
    empty = set(empty_ones(folders, there))
    for folder in empty:
        assert {path for path in there if path.startswith(f"{folder}\\")} <= empty


def test_of_an_exe_only_what_is_above_the_install_folder_may_be_left() -> None:
    assert vendors_folders("C:\\Program Files\\Acme\\Suite\\Beat") == {
        "c:\\program files\\acme",
        "c:\\program files\\acme\\suite",
    }
    assert vendors_folders("C:\\Program Files\\Beat") == frozenset()
    assert vendors_folders("C:\\Beat") == frozenset()
