"""What Windows Installer removes by pattern at an uninstall, and Wine's does not: the harness removes it there."""

from collections.abc import Callable, Mapping

from harness.candidate.msi_removals import READ, Removal, removed_by_pattern
from harness.candidate.msi_tables import read_tables
from harness.cell.session import CellSession
from harness.config.wide_places import is_everybodys
from harness.guest.system_tools import CMD
from harness.model.candidate import Candidate, InstallerKind
from harness.model.report import ExcusedBy
from harness.model.substrate import GuestSystem

WHY = "Wine's installer takes a pattern for a file's name, and so removes nothing by it; Windows Installer would have"
REMOVAL_S = 60.0


def remove_what_wine_does_not(
    session: CellSession, package: Candidate, properties: Callable[[], Mapping[str, str]]
) -> None:
    """Do what the RemoveFile table says of patterns; each is put on record. `properties`: what it was installed with.

    At once, so that what is written later is found as anywhere. Raises what the guest layer raises.
    """
    if session.machine.guest_system is not GuestSystem.WINE or package.kind is not InstallerKind.MSI:
        return
    for removal in removed_by_pattern(read_tables(package.path, READ), properties()):
        if removal.whole and is_everybodys(removal.folder):
            continue
        session.guest.run([CMD, "/c", *_command(removal)], timeout_s=REMOVAL_S)
        if removal.pattern or removal.whole:
            session.excuse(f"{removal.folder}\\{removal.pattern or '*'}", WHY, by=ExcusedBy.SUBSTRATE)


def _command(removal: Removal) -> list[str]:
    if removal.pattern:
        return ["del", "/f", "/q", f"{removal.folder}\\{removal.pattern}"]
    return ["rd", *(["/s", "/q"] if removal.whole else []), removal.folder]
