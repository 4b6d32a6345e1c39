"""Dirty machines: names and makers agree, and what a ghost's registration says."""

from harness.lifecycle.dirt import MAKES
from harness.lifecycle.dirt.ghost_product import PRODUCT, packed, registration
from harness.lifecycle.hindrances import HINDRANCES as HINDER
from harness.lifecycle.hindrances.obstacle import _above
from harness.model.dirt import DIRT, HINDRANCES

UPGRADE_CODE = "{6F0C2D0E-4A34-4C55-9D8B-2B5B8E1F7A10}"


def test_every_name_has_its_maker() -> None:
    assert MAKES.keys() == DIRT.keys()
    assert HINDER.keys() == HINDRANCES.keys()


def test_a_guid_is_packed_as_the_installer_names_its_keys() -> None:
    # Microsoft's own example of a compressed GUID: each part backwards, the last two pairwise.
    assert packed("{12345678-90AB-CDEF-1234-567890ABCDEF}") == "87654321BA09FEDC2143658709BADCFE"
    assert packed(UPGRADE_CODE) == "E0D2C0F643A455C4D9B8B2B5E8F1A701"


def test_a_ghost_is_registered_under_the_candidates_upgrade_code() -> None:
    text = registration(UPGRADE_CODE, "Some Agent", "C:\\gone\\")
    for part in (
        f"UpgradeCodes\\{packed(UPGRADE_CODE)}]",
        f'"{packed(PRODUCT)}"=""',
        '"ProductName"="Some Agent"',
    ):
        assert part in text
    assert '"LastUsedSource"="n;1;C:\\\\gone\\\\"' in text
    assert text.startswith("Windows Registry Editor Version 5.00\r\n\r\n[")


def test_the_folders_above_a_file_end_before_the_drive() -> None:
    assert list(_above("C:\\Program Files\\BVT\\x.txt")) == ["C:\\Program Files\\BVT", "C:\\Program Files"]
    assert list(_above("C:\\x.txt")) == []
