"""Rows of tables that no action of the sequence carries out: they are in the package, and nothing comes of them.

Sources: "Sequence Restrictions" and the pages of the actions in Microsoft's Windows Installer reference, each of which
names the tables that it reads.
"""

from collections.abc import Iterator

from harness.candidate.msi_tables import Row
from harness.rules.condition import NotACondition, decide
from harness.rules.rule import Broken, Group, Msi, bits, rule, scheduled
from harness.rules.system import AT_A_FIRST_INSTALL, AT_AN_UNINSTALL

PUTS_AND_TAKES: dict[str, tuple[str, str]] = {
    "File": ("InstallFiles", "RemoveFiles"),
    "Registry": ("WriteRegistryValues", "RemoveRegistryValues"),
    "CreateFolder": ("CreateFolders", "RemoveFolders"),
    "DuplicateFile": ("DuplicateFiles", "RemoveDuplicateFiles"),
    "Shortcut": ("CreateShortcuts", "RemoveShortcuts"),
    "Environment": ("WriteEnvironmentStrings", "RemoveEnvironmentStrings"),
    "IniFile": ("WriteIniValues", "RemoveIniValues"),
    "Font": ("RegisterFonts", "UnregisterFonts"),
    "Class": ("RegisterClassInfo", "UnregisterClassInfo"),
    "Extension": ("RegisterExtensionInfo", "UnregisterExtensionInfo"),
    "ProgId": ("RegisterProgIdInfo", "UnregisterProgIdInfo"),
    "MIME": ("RegisterMIMEInfo", "UnregisterMIMEInfo"),
    "TypeLib": ("RegisterTypeLibraries", "UnregisterTypeLibraries"),
    "SelfReg": ("SelfRegModules", "SelfUnregModules"),
    "ODBCDriver": ("InstallODBC", "RemoveODBC"),
    "ODBCDataSource": ("InstallODBC", "RemoveODBC"),
    "ODBCTranslator": ("InstallODBC", "RemoveODBC"),
    "ServiceInstall": ("InstallServices", ""),
    "MsiServiceConfigFailureActions": ("MsiConfigureServices", ""),
    "MsiServiceConfig": ("MsiConfigureServices", ""),
    "MoveFile": ("MoveFiles", ""),
}
"""Table → the actions that put on the machine what it names, and take it away. What takes services away: `stays`."""
OF_CONTROL = {1: "StartServices", 2: "StopServices", 32: "StopServices", 128: "DeleteServices"}
"""Bits of ServiceControl's Event → the action that does it."""


@rule(
    Group.SYSTEM,
    "never-carried-out",
    "for each table with rows the actions run that put what it names on the machine, and take it away",
    "InstallExecuteSequence table; the actions' own pages",
)
def never_carried_out(msi: Msi) -> Iterator[Broken]:
    for table, (puts, takes) in PUTS_AND_TAKES.items():
        if not msi.rows(table):
            continue
        if not _runs(msi, puts, AT_A_FIRST_INSTALL):
            yield Broken(f"InstallExecuteSequence: {puts}", f"it never runs, and table {table} has rows")
        if takes and not _runs(msi, takes, AT_AN_UNINSTALL):
            yield Broken(
                f"InstallExecuteSequence: {takes}",
                f"it never runs, so what table {table} names stays at the uninstall",
            )
    events = 0
    for row in msi.rows("ServiceControl"):
        events |= bits(row, "Event")
    for action in dict.fromkeys(name for bit, name in OF_CONTROL.items() if events & bit):
        if scheduled(msi, action) is None:
            yield Broken(
                f"InstallExecuteSequence: {action}", "it never runs, and table ServiceControl asks for it"
            )


def _runs(msi: Msi, action: str, known: dict[str, str]) -> bool:
    row = scheduled(msi, action)
    return row is not None and not _never(row, known)


def _never(row: Row, known: dict[str, str]) -> bool:
    try:
        return decide(row["Condition"], known) is False
    except NotACondition:
        return False  # that is said by itself
