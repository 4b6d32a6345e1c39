"""To create in a folder, as Windows lets every user below ProgramData, is told from changing what is there."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.cell.session import CellSession
from harness.checks.test_install_access import test_not_world_writable as not_world_writable
from harness.lifecycle.timeline import Timeline
from harness.probe.answers.files import FileFacts

SYSTEM = "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)"
CREATES = "(A;CIID;DCLCRPCR;;;BU)"
FOLDER, FILE = r"C:\ProgramData\Agent", r"C:\ProgramData\Agent\agent.dat"


def judged(*installed: FileFacts, closed: bool = False) -> dict[str, str]:
    """What the check notes down; it raises where it fails. `closed`: as the profile's `closed_folders` demands."""
    notes: dict[str, str] = {}
    cell: Any = SimpleNamespace(
        note=lambda name, value: notes.update({name: str(value)}),
        profile=SimpleNamespace(closed_folders=closed),
    )
    timeline: Any = SimpleNamespace(installed={facts.path: facts for facts in installed})
    not_world_writable(cast(CellSession, cell), cast(Timeline, timeline))
    return notes


def facts(path: str, more: str, *, directory: bool) -> FileFacts:
    return FileFacts(path=path, exists=True, directory=directory, sddl=SYSTEM + more)


def test_a_folder_that_inherits_creation_is_noted() -> None:
    notes = judged(facts(FOLDER, CREATES, directory=True), facts(FILE, "", directory=False))
    assert FOLDER in notes["folders where ordinary users may create"]


def test_a_profile_may_demand_that_nobody_creates_either() -> None:
    with pytest.raises(AssertionError, match=r"ProgramData\\Agent, where ordinary users may create"):
        judged(facts(FOLDER, CREATES, directory=True), closed=True)
    judged(facts(FOLDER, "", directory=True), facts(FILE, "", directory=False), closed=True)


def test_where_nobody_may_create_nothing_is_noted() -> None:
    assert list(judged(facts(FOLDER, "", directory=True))) == ["files and folders"]


@pytest.mark.parametrize(
    "loose",
    [
        facts(FILE, CREATES, directory=False),  # the same bits let write a file
        facts(FOLDER, CREATES.replace("ID", ""), directory=True),  # of the agent's own making
        facts(FOLDER, "(A;OICIID;0x1301bf;;;BU)", directory=True),
    ],
)
def test_what_users_may_change_fails(loose: FileFacts) -> None:
    with pytest.raises(AssertionError, match="Users"):
        judged(loose)
