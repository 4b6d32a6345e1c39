"""What Windows Installer keeps of a component that is marked to stay."""

import pytest

from harness.candidate.msi_permanent import packed, permanent_components, recorded_component

KEY = "hklm\\software\\microsoft\\windows\\currentversion\\installer\\userdata\\s-1-5-18\\components"
OWN = "25b1e1c743a7b0c4e963f2d1a5c0e733"


def test_a_guid_is_packed_as_windows_installer_does() -> None:
    """As the registry of a machine showed it."""
    assert packed("{7C1E1B52-7A34-4C0B-9E36-2F1D5A0C7E33}") == OWN
    assert packed("no guid") == ""


@pytest.mark.parametrize(
    ("name", "component"),
    [
        (f"{KEY}\\{OWN}", OWN),
        (f"{KEY}\\{OWN}\\00000000000000000000000000000000", OWN),
        (f"{KEY}\\{OWN}\\33e7c0a5d1f263e94c0b7a34521b1e7c", ""),  # a product's: it is to go
        (f"{KEY}\\short", ""),
        ("hklm\\software\\acme", ""),
    ],
)
def test_only_the_record_of_the_empty_product_is_one(name: str, component: str) -> None:
    assert recorded_component(name) == component


def test_components_without_a_guid_are_never_registered() -> None:
    rows = (
        {"Component": "Stays", "Attributes": "272", "ComponentId": "{G}"},
        {"Component": "Goes", "Attributes": "256", "ComponentId": "{H}"},
        {"Component": "Nameless", "Attributes": "272", "ComponentId": ""},
    )
    assert permanent_components({"Component": rows}) == {"Stays": "{G}"}
