"""What Windows Installer removes when a product goes, and Wine's does not: the harness removes it there.

By pattern, and what is left of .ini files whose last value went.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from harness.candidate.msi_ini_files import READ as OF_INI_FILES
from harness.candidate.msi_ini_files import ini_files, only_sections
from harness.candidate.msi_removals import READ, Removal, removed_by_pattern
from harness.candidate.msi_replacing import READ as OF_REPLACING
from harness.candidate.msi_replacing import Replaced, replaced, shared
from harness.candidate.msi_tables import read_tables
from harness.cell.session import CellSession
from harness.config.wide_places import is_everybodys
from harness.guest.msi.result import MsiResult
from harness.guest.system_tools import CMD
from harness.lifecycle.upgrades_on_wine import READ as OF_UPGRADES
from harness.lifecycle.upgrades_on_wine import features_migrated, told_of_its_upgrade
from harness.model.candidate import Candidate, InstallerKind
from harness.model.errors import GuestFault
from harness.model.report import ExcusedBy
from harness.model.substrate import GuestSystem

WHY = "Wine's installer takes a pattern for a file's name, and so removes nothing by it; Windows Installer would have"
WHY_INI = (
    "Wine's installer leaves a section of an .ini file whose last value it removed; Windows Installer deletes it, and"
    " whether a file stays that is then empty, only Windows shows"
)
LARGEST_EMPTIED = 4096
"""Bytes of a file that may hold nothing but sections."""
MOST_LOOKED_INTO = 64
"""Of more that is left an .ini file is the least."""
REMOVAL_S = 60.0


def remove_what_wine_does_not(
    session: CellSession, package: Candidate, properties: Callable[[], Mapping[str, str]]
) -> None:
    """Do what the RemoveFile table says of patterns, and take emptied .ini files away; each is put on record.

    `properties`: what it was installed with.

    At once, so that what is written later is found as anywhere. Raises what the guest layer raises.
    """
    if _is_wines(session, package):
        tables, given = read_tables(package.path, READ | OF_INI_FILES), properties()
        _remove(session, removed_by_pattern(tables, given))
        _remove_emptied(session, ini_files(tables, given))


def remove_rolled_back(session: CellSession, package: Candidate, properties: Mapping[str, str]) -> None:
    """Take away the .ini files that a failed installation has emptied again. Raises what the guest layer raises."""
    if _is_wines(session, package):
        _remove_emptied(session, ini_files(read_tables(package.path, OF_INI_FILES), properties))


def emptied_by_a_package_inside(session: CellSession, left: Collection[str]) -> frozenset[str]:
    """Those of the files that are left of an EXE on Wine in which there are names of sections and nothing else.

    If the EXE carries an MSI these are its .ini files; the tables of a package inside are not read. Raises what the
    guest layer raises.
    """
    wine = session.machine.guest_system is GuestSystem.WINE
    if not wine or session.candidate.kind is not InstallerKind.EXE or len(left) > MOST_LOOKED_INTO:
        return frozenset()
    return frozenset(path for path in left if (content := _emptied(session, path)) and content.strip())


def replacing(
    session: CellSession,
    older: Candidate,
    by: Candidate,
    properties: Mapping[str, str],
    asked: Mapping[str, str],
    install: Callable[[Mapping[str, str]], MsiResult],
) -> MsiResult:
    """Install `by`; what `older` removes by pattern goes when Windows Installer would take it away.

    That is before the new files come, or once they are there. `properties`: what `older` was installed with; `asked`:
    what `by` is given, to which `install` adds what it is called with. Raises what `install` and the guest layer raise.
    """
    if not _is_wines(session, older) or by.kind is not InstallerKind.MSI:
        return install({})
    old = read_tables(older.path, READ | OF_REPLACING | OF_INI_FILES | OF_UPGRADES)
    new = read_tables(by.path, OF_REPLACING | OF_UPGRADES)
    when = replaced(old, new)
    if when is Replaced.BEFORE:
        _remove(session, removed_by_pattern(old, properties))
    with told_of_its_upgrade(session, old, by if when is not Replaced.NEVER else older):
        result = install(features_migrated(session, old, new, properties, asked))
    if when is Replaced.AFTER and result.succeeded:
        _remove(session, removed_by_pattern(old, properties, shared(old, new)))
    if when is not Replaced.NEVER and result.succeeded:
        _remove_emptied(session, ini_files(old, properties))
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


def _remove_emptied(session: CellSession, paths: Iterable[str]) -> None:
    for path in paths:
        if _emptied(session, path) is not None and session.guest.delete(path):
            session.excuse(path, WHY_INI, by=ExcusedBy.SUBSTRATE)


def _emptied(session: CellSession, path: str) -> bytes | None:
    """The content of an .ini file that holds no value; None of any other, of a folder, and of none."""
    try:
        content = session.guest.read_file(path, limit_bytes=LARGEST_EMPTIED)
    except GuestFault:
        return None
    return content if len(content) < LARGEST_EMPTIED and only_sections(content) else None


def _command(removal: Removal) -> list[str]:
    if removal.pattern:
        return ["del", "/f", "/q", f"{removal.folder}\\{removal.pattern}"]
    return ["rd", *(["/s", "/q"] if removal.whole else []), removal.folder]
