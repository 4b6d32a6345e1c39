"""Empty folders that Wine's installer leaves and Windows Installer would not: the substrate's, not the candidate's."""

from collections.abc import Collection

from harness.candidate.msi_own_folders import own_folders
from harness.candidate.msi_tables import read_tables
from harness.model.candidate import InstallerKind
from harness.model.report import ExcusedBy
from harness.model.substrate import GuestSystem
from harness.run.timeline import Timeline

WHY = (
    "an empty folder of the MSI's own Directory table, which Windows Installer removes by itself; Wine's removes only"
    " those in its CreateFolder and RemoveFile tables"
)


def without_substrates(timeline: Timeline, left: Collection[str], there: Collection[str]) -> list[str]:
    """What is `left` without the folders that Windows would not have left; each of them is put on record.

    `there`: everything that is on the machine now, so that a folder with anything in it stays the candidate's. Paths in
    lower case.
    """
    session = timeline.session
    if not left or session.machine.guest_system is not GuestSystem.WINE:
        return sorted(left)
    if session.candidate.kind is not InstallerKind.MSI:
        return sorted(left)
    own = own_folders(read_tables(session.run.copy_of(session.candidate)), timeline.properties())
    excused = empty_ones(own & set(left), there)
    for folder in excused:
        session.excuse(folder, WHY, by=ExcusedBy.SUBSTRATE)
    return sorted(set(left) - set(excused))


def empty_ones(folders: Collection[str], there: Collection[str]) -> list[str]:
    """The folders in which there is nothing, or nothing but others of them. Pure."""
    empty: set[str] = set()
    for folder in sorted(folders, key=len, reverse=True):
        if all(path in empty for path in there if path.startswith(f"{folder}\\")):
            empty.add(folder)
    return sorted(empty)
