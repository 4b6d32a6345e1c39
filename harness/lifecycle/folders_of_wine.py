"""Empty folders that Wine's installer leaves and Windows Installer would not: the substrate's, not the candidate's."""

from collections.abc import Collection, Mapping
from pathlib import PureWindowsPath

from harness.candidate.msi_own_folders import own_folders
from harness.candidate.msi_tables import read_tables
from harness.cell.session import CellSession
from harness.model.candidate import InstallerKind
from harness.model.substrate import GuestSystem

WHY = (
    "an empty folder of the MSI's own Directory table, which Windows Installer removes by itself; Wine's removes only"
    " those in its CreateFolder and RemoveFile tables"
)

WHY_OF_AN_EXE = (
    "an empty folder above the declared install folder: if the EXE carries an MSI, Windows Installer removes it by"
    " itself and Wine's does not; the tables of a package inside an EXE are not read"
)


def left_by_wine(session: CellSession, properties: Mapping[str, str]) -> tuple[frozenset[str], str]:
    """Folders that may stay on this machine if they are empty, in lower case, and why; none but on Wine.

    `properties`: those that the MSI is installed with, for they may name folders.
    """
    if session.machine.guest_system is not GuestSystem.WINE:
        return frozenset(), ""
    if session.candidate.kind is InstallerKind.MSI:
        return own_folders(read_tables(session.run.copy_of(session.candidate)), properties), WHY
    return vendors_folders(session.profile.install_dir), WHY_OF_AN_EXE


def vendors_folders(install_dir: str) -> frozenset[str]:
    """The folders between a root of all programs, as is Program Files, and `install_dir`, in lower case. Pure."""
    above = [str(folder).lower() for folder in PureWindowsPath(install_dir).parents]
    return frozenset(above[:-2])


def empty_ones(folders: Collection[str], there: Collection[str]) -> list[str]:
    """The folders in which there is nothing, or nothing but others of them. Pure."""
    empty: set[str] = set()
    for folder in sorted(folders, key=len, reverse=True):
        if all(path in empty for path in there if path.startswith(f"{folder}\\")):
            empty.add(folder)
    return sorted(empty)
