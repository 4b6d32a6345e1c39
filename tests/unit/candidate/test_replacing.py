"""When an MSI takes another one's product away."""

import pytest

from harness.candidate.msi_replacing import Replaced, replaced, shared
from harness.candidate.msi_tables import Tables


def product(code: str, family: str = "{F}", *, removes_at: str = "", attributes: str = "0") -> Tables:
    """One that takes its whole family's place where `removes_at` says when."""
    sequence = [{"Action": "InstallFiles", "Sequence": "4000"}]
    sequence += [{"Action": "RemoveExistingProducts", "Sequence": removes_at}] if removes_at else []
    return {
        "Property": (
            {"Property": "ProductCode", "Value": code},
            {"Property": "UpgradeCode", "Value": family},
        ),
        "Upgrade": ({"UpgradeCode": "{f}", "Attributes": attributes},),
        "InstallExecuteSequence": tuple(sequence),
    }


@pytest.mark.parametrize(
    ("newer", "when"),
    [
        (product("{2}", removes_at="1501"), Replaced.BEFORE),
        (product("{2}", removes_at="6601"), Replaced.AFTER),
        (product("{2}", removes_at="1501", attributes="2"), Replaced.NEVER),
        (product("{2}"), Replaced.NEVER),
        (product("{1}", removes_at="1501"), Replaced.NEVER),
        ({}, Replaced.NEVER),
    ],
    ids=["early", "late", "only looks for it", "never removes", "a minor upgrade", "tables that say nothing"],
)
def test_when_the_older_product_goes(newer: Tables, when: Replaced) -> None:
    assert replaced(product("{1}"), newer) is when


def test_a_stranger_is_left_alone() -> None:
    assert replaced(product("{1}", family="{G}"), product("{2}", removes_at="1501")) is Replaced.NEVER


def test_components_are_shared_by_their_codes() -> None:
    older: Tables = {
        "Component": (
            {"Component": "A", "ComponentId": "{AA}"},
            {"Component": "B", "ComponentId": "{BB}"},
            {"Component": "C", "ComponentId": ""},
        )
    }
    newer: Tables = {
        "Component": ({"Component": "Z", "ComponentId": "{aa}"}, {"Component": "C", "ComponentId": ""})
    }
    assert shared(older, newer) == {"A"}
