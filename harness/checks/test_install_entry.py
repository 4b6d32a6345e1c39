"""What the product's entry in Add/Remove Programs promises: that somebody can remove it by what it says."""

import ntpath
import re

from harness.cell.check import NotApplicable, check
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.lifecycle.timeline import Timeline
from harness.model.image_path import SYSTEM_ROOT, expanded, full_path, lies_below
from harness.model.report import Phase

PHASE = Phase.INSTALL


@check("What Add/Remove Programs runs to remove it is there")
def test_entry_removes(cell: CellSession, timeline: Timeline) -> None:
    commands = [
        command
        for entry in timeline.inspection.entries
        if entry.display_name == cell.profile.product_name
        for command in (entry.uninstall_string, entry.quiet_uninstall_string)
        if command
    ]
    if not commands:
        raise NotApplicable("no entry of it names a command that removes it")
    sought = {command: may_start(command) for command in commands}
    paths = sorted({path for programs in sought.values() for path in programs})
    there = {found.path.lower() for found in (cell.guest.files(*paths) if paths else ()) if found.exists}
    gone = [
        command
        for command, programs in sought.items()
        if programs and not any(path.lower() in there for path in programs)
    ]
    assert not gone, mismatch(
        "each command by which Add/Remove Programs removes it starts a program that is there",
        f"none is there for {listed(gone)}",
    )


@check("The folder that Add/Remove Programs names as its own is there")
def test_entry_folder(cell: CellSession, timeline: Timeline) -> None:
    named = {
        entry.install_location
        for entry in timeline.inspection.entries
        if entry.display_name == cell.profile.product_name and entry.install_location
    }
    folders = {path: said for said in named if (path := folder_of(said))}
    if not folders:
        raise NotApplicable("no entry of it names a folder (InstallLocation)")
    gone = sorted(folders[found.path] for found in cell.guest.files(*folders) if not found.exists)
    assert not gone, mismatch(
        "the folder where inventories and updates look for it is there", f"there is no {listed(gone)}"
    )


def folder_of(said: str) -> str:
    """The whole path that an entry names; empty where that is none, or depends on who reads it. Pure."""
    text = expanded(said.strip().strip('"'))
    if not ntpath.splitdrive(text)[0].endswith(":") or "%" in text:
        return ""
    return full_path(text).rstrip("\\")


def may_start(command: str) -> list[str]:
    r"""The programs that this command may mean, most likely one; none where it is the system's, as `MsiExec.exe`. Pure.

    Without quotes it may be the text up to any of its spaces (Microsoft, "CreateProcessW function").
    """
    text = expanded(command)
    quoted = re.match(r'"([^"]*)"', text)
    if quoted:
        said = [quoted[1]]
    else:
        ends = [found.start() for found in re.finditer(r"\s+", text)] + [len(text)]
        said = [text[:end] for end in ends]
    if not ntpath.splitdrive(said[0])[0] or "%" in said[0]:
        return []  # found on PATH, or by a variable that is not known here
    programs = [full_path(each) for each in said]
    if any(lies_below(path, SYSTEM_ROOT) for path in programs):
        return []
    return [*programs, *(f"{path}.exe" for path in programs if not path.lower().endswith(".exe"))]
