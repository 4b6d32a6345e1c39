"""Transforms that a profile names: they lie beside the MSI, are sealed with it, and the guest finds them."""

from pathlib import Path

import pytest

from harness.candidate.transforms import transforms_beside, with_places
from harness.model.errors import ConfigurationError
from harness.model.profile import AgentProfile
from tests.unit.cell.stand_ins import PROFILE


def given(value: str, name: str = "TRANSFORMS") -> AgentProfile:
    return PROFILE.model_copy(
        update={"installer": PROFILE.installer.model_copy(update={"properties": {name: value}})}
    )


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("customer.mst", ["customer.mst"]),
        ("a.mst; b.mst", ["a.mst", "b.mst"]),
        ("|a.mst;b.mst", ["a.mst", "b.mst"]),
        (":embedded;a.mst", ["a.mst"]),
        ("C:\\elsewhere\\a.mst", []),
        ("\\\\server\\share\\a.mst", []),
        ("{media}a.mst", []),
        ("", []),
    ],
)
def test_those_that_are_named_alone_lie_beside_the_msi(value: str, names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).touch()
    assert list(transforms_beside(tmp_path / "agent.msi", given(value))) == names
    assert list(transforms_beside(tmp_path / "agent.msi", given(value, "transforms"))) == names


def test_one_that_is_not_there_is_a_mistake_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"transform customer\.mst, which is not beside it"):
        transforms_beside(tmp_path / "agent.msi", given("customer.mst"))


@pytest.mark.parametrize(
    ("value", "placed"),
    [
        ("customer.mst", "D:\\candidate\\customer.mst"),
        ("a.mst;:embedded", "D:\\candidate\\a.mst;:embedded"),
        ("@a.mst;b.mst", "@D:\\candidate\\a.mst;D:\\candidate\\b.mst"),
        ("C:\\x\\a.mst", "C:\\x\\a.mst"),
    ],
)
def test_the_guest_is_told_where_they_lie(value: str, placed: str) -> None:
    properties = {"TRANSFORMS": value, "OTHER": "a.mst"}
    assert with_places(properties, "D:\\candidate") == {"TRANSFORMS": placed, "OTHER": "a.mst"}
