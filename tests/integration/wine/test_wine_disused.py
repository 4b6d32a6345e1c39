"""A template under a real machine is needed, whichever state directory the machine belongs to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.machines.disused import Disused
from harness.machines.wine import disused
from harness.machines.wine.root_image import ensure_root
from harness.machines.wine.template import template_directory
from harness.state import StateDirectory
from tests.integration.wine.conftest import MakeMachine, wine_provider

pytestmark = pytest.mark.wine
LATER = datetime.now(UTC) + timedelta(days=2)


def test_a_template_that_another_state_directory_borrows_stays_while_its_machine_runs(
    state: StateDirectory, tmp_path: Path, make_machine: MakeMachine
) -> None:
    borrower = StateDirectory(tmp_path / "home")
    borrower.root.mkdir()
    for part in ("images", "tools"):
        (borrower.root / part).symlink_to(state.part(part), target_is_directory=True)
    machine = make_machine(by=wine_provider(borrower))
    assert machine.condition().state.value == "running"
    template = template_directory(state, ensure_root(state, print).wine())
    # As a checkout with another recipe sees it, in two days.
    another = template.with_name("wine-0.0-0000000000000000")
    assert template not in [left.path for left in disused.disused(state.images, another, LATER)]
    assumed = Disused(path=template, kind="template", reason="assumed before the machine was there")
    assert not disused.remove(assumed, another, LATER)
    assert (template / "prefix" / "system.reg").exists()
