"""A product that Add/Remove Programs does not show: by design if its profile says so, and nobody's choice else."""

from types import SimpleNamespace
from typing import Any

import pytest

from harness.cell.check import NotApplicable
from harness.checks import test_install as checks
from harness.model.candidate import InstallerKind

WHY = "the console of the fleet removes it, and people must not"


def cell(why: str | None, kind: InstallerKind = InstallerKind.MSI) -> Any:
    excuses: list[tuple[str, str]] = []
    return SimpleNamespace(
        profile=SimpleNamespace(
            name="acme", product_name="Acme", installer=SimpleNamespace(hidden_entry=why)
        ),
        candidate=SimpleNamespace(product_name="Acme", kind=kind, version="1.0"),
        excuse=lambda what, reason: excuses.append((what, reason)),
        note=lambda *_: None,
        excuses=excuses,
    )


def entries(*hidden: bool) -> Any:
    found = [
        SimpleNamespace(key=f"{{{n}}}", display_name="Acme", system_component=each, display_version="1.0")
        for n, each in enumerate(hidden)
    ]
    return SimpleNamespace(inspection=SimpleNamespace(entries=found))


def test_a_declared_one_is_excused_by_its_reason() -> None:
    here = cell(WHY)
    checks.test_entry_unique(here, entries(True))
    assert here.excuses == [("Add/Remove Programs does not show it", WHY)]


def test_another_one_fails_and_is_told_how_to_declare_it() -> None:
    with pytest.raises(
        AssertionError, match=r"not shown \(SystemComponent is set\).*installer\.hidden_entry"
    ):
        checks.test_entry_unique(cell(None), entries(True))


@pytest.mark.parametrize("there", [(), (True, True), (False, False)])
def test_what_is_declared_is_one_hidden_entry_and_no_more(there: tuple[bool, ...]) -> None:
    with pytest.raises(AssertionError, match="one entry named 'Acme'"):
        checks.test_entry_unique(cell(WHY), entries(*there))


def test_an_exe_may_enter_nothing() -> None:
    here = cell(WHY, InstallerKind.EXE)
    checks.test_entry_unique(here, entries())
    assert here.excuses
    with pytest.raises(NotApplicable):
        checks.test_entry_version(here, entries())
    with pytest.raises(AssertionError):
        checks.test_entry_unique(cell(None, InstallerKind.EXE), entries())
