"""What Windows Installer removes by pattern when a product goes, and Wine's does not: the harness removes it there."""

from collections.abc import Callable, Iterable, Mapping

from harness.candidate.msi_removals import READ, Removal, removed_by_pattern
from harness.candidate.msi_replacing import READ as OF_REPLACING
from harness.candidate.msi_replacing import Replaced, replaced, shared
from harness.candidate.msi_tables import read_tables
from harness.cell.session import CellSession
from harness.config.wide_places import is_everybodys
from harness.guest.msi.result import MsiResult
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
    if _is_wines(session, package):
        _remove(session, removed_by_pattern(read_tables(package.path, READ), properties()))


def replacing(
    session: CellSession,
    older: Candidate,
    by: Candidate,
    properties: Mapping[str, str],
    install: Callable[[], MsiResult],
) -> MsiResult:
    """Install `by`; what `older` removes by pattern goes when Windows Installer would take it away.

    That is before the new files come, or once they are there. `properties`: what `older` was installed with. Raises what
    `install` and the guest layer raise.
    """
    if not _is_wines(session, older) or by.kind is not InstallerKind.MSI:
        return install()
    old, new = read_tables(older.path, READ | OF_REPLACING), read_tables(by.path, OF_REPLACING)
    when = replaced(old, new)
    if when is Replaced.BEFORE:
        _remove(session, removed_by_pattern(old, properties))
    result = install()
    if when is Replaced.AFTER and result.succeeded:
        _remove(session, removed_by_pattern(old, properties, shared(old, new)))
    return result


def _is_wines(session: CellSession, package: Candidate) -> bool:
    return session.machine.guest_system is GuestSystem.WINE and package.kind is InstallerKind.MSI


def _remove(session: CellSession, removals: Iterable[Removal]) -> None:
    for removal in removals:
        if removal.whole and is_everybodys(removal.folder):
            continue
        session.guest.run([CMD, "/c", *_command(removal)], timeout_s=REMOVAL_S)
        if removal.pattern or removal.whole:
            session.excuse(f"{removal.folder}\\{removal.pattern or '*'}", WHY, by=ExcusedBy.SUBSTRATE)


def _command(removal: Removal) -> list[str]:
    if removal.pattern:
        return ["del", "/f", "/q", f"{removal.folder}\\{removal.pattern}"]
    return ["rd", *(["/s", "/q"] if removal.whole else []), removal.folder]
