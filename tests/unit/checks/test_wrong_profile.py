"""A candidate that is run with another product's profile fails, and the failure says so."""

from types import SimpleNamespace
from typing import Any

import pytest

from harness.checks.test_install import test_entry_unique as entry_unique


def cell(stated: str) -> Any:
    profile = SimpleNamespace(
        name="osquery", product_name="osquery", installer=SimpleNamespace(hidden_entry=None)
    )
    return SimpleNamespace(profile=profile, candidate=SimpleNamespace(product_name=stated))


def nothing_installed() -> Any:
    return SimpleNamespace(inspection=SimpleNamespace(entries=()))


def test_another_products_profile_is_named() -> None:
    with pytest.raises(
        AssertionError, match=r"The installer calls it 'Other Agent': is 'osquery' its profile\?"
    ):
        entry_unique(cell("Other Agent"), nothing_installed())


def test_the_right_one_is_not_doubted() -> None:
    with pytest.raises(AssertionError, match=r"Found: 0: none\.(\n|$)"):
        entry_unique(cell("osquery"), nothing_installed())
