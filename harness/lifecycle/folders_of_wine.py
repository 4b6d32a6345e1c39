"""Empty folders that Wine's installer leaves and Windows Installer would not: the substrate's, not the candidate's."""

from collections.abc import Collection, Mapping
from pathlib import PureWindowsPath

from harness.candidate.msi_own_folders import own_folders
from harness.candidate.msi_tables import read_tables
from harness.cell.session import CellSession
from harness.guest.guest import Guest
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


SHELL_FOLDERS = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Shell Folders"
OF_A_USER = {
    "LocalAppDataFolder": "Local AppData",
    "AppDataFolder": "AppData",
    "PersonalFolder": "Personal",
    "ProgramMenuFolder": "Programs",
    "StartMenuFolder": "Start Menu",
    "StartupFolder": "Startup",
    "DesktopFolder": "Desktop",
}
"""Folders of a package that is installed for one user → the value that tells where they are.

"System Folder Properties" in Microsoft's Windows Installer reference.
"""


def left_by_wine(session: CellSession, properties: Mapping[str, str]) -> tuple[frozenset[str], str]:
    """Folders that may stay on this machine if they are empty, in lower case, and why; none but on Wine.

    `properties`: those that the MSI is installed with, for they may name folders.
    """
    if session.machine.guest_system is not GuestSystem.WINE:
        return frozenset(), ""
    if session.candidate.kind is InstallerKind.MSI:
        tables = read_tables(session.run.copy_of(session.candidate))
        keys = {row["Directory"].partition(".")[0] for row in tables.get("Directory", ())} & set(OF_A_USER)
        found = own_folders(tables, properties)
        if keys:
            # Per user or for all is known to the installation alone, so a folder of either kind may stay if it is empty.
            users = _folders_of_the_user(session.guest, keys)
            found |= own_folders(tables, users | dict(properties)) - {path.lower() for path in users.values()}
        return found, WHY
    return vendors_folders(session.profile.install_dir), WHY_OF_AN_EXE


def _folders_of_the_user(guest: Guest, keys: Collection[str]) -> dict[str, str]:
    found = {key: guest.registry.value(SHELL_FOLDERS, OF_A_USER[key]) for key in sorted(keys)}
    return {key: str(value.data) for key, value in found.items() if value is not None}


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
