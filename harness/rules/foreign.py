"""What belongs to Windows or to everybody, and is reached by tables that few installers use.

Sources: "MoveFile table", "IniFile table", "LockPermissions table"; the firewall tables of WiX's extensions.
"""

import re
from collections.abc import Iterator

from harness.candidate.msi_folders import SYSTEM_FOLDERS
from harness.candidate.msi_tables import Row
from harness.rules.rule import Broken, Group, Msi, bits, rule
from harness.rules.system import OWN_NAME

MOVES = 1
"""MoveFile's Options: 0 copies."""
OF_WINDOWS_ITSELF = ("WindowsFolder", "SystemFolder", "System64Folder", "FontsFolder")
OF_WINDOWS = ("win.ini", "system.ini", "boot.ini")
FIREWALL_TABLES = ("WixFirewallException", "Wix4FirewallException", "Wix5FirewallException")
ANYBODY = ("", "*", "any")
OUTBOUND = 2
NARROWS = ("Program", "Port", "RemoteAddresses", "Service", "ServiceName", "IcmpTypesAndCodes")
BLOCKS, NOT_IN_FORCE = "0", "0"
"""Of the columns Action and Enabled, which newer tables have."""
OF_PING = ("1", "58")
"""ICMP and ICMPv6: no port, and no program that answers."""


@rule(
    Group.SYSTEM,
    "moves-shared-files",
    "only files in folders of its own are moved away",
    "MoveFile table: Options, SourceFolder",
)
def moves_shared_files(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("MoveFile"):
        if bits(row, "Options") & MOVES and row["SourceFolder"] in SYSTEM_FOLDERS and not _is_own(msi, row):
            yield Broken(
                f"MoveFile: {row['FileKey']}",
                f"{row['SourceName'] or 'a file'} goes from {row['SourceFolder']}, which others use, too",
            )


def _is_own(msi: Msi, row: Row) -> bool:
    """Whether a file by its name is the product's own: an earlier release may have laid it down there."""
    name = row["SourceName"].rpartition("|")[2].lower()
    if not name or set(name[:OWN_NAME]) & set("*?"):
        return False
    if row["SourceFolder"] not in OF_WINDOWS_ITSELF:
        return not set(name) & set("*?")
    words = [
        *re.findall(r"\w+", f"{msi.contents.manufacturer} {msi.contents.product_name}"),
        *(service.name for service in msi.contents.services),
        *(each.partition(".")[0] for each in msi.contents.file_names),
    ]
    return any(len(word) >= OWN_NAME and name.startswith(word.lower()) for word in words)


@rule(
    Group.SYSTEM,
    "changes-system-ini",
    "the settings files of Windows are left alone",
    "IniFile table: FileName",
)
def changes_system_ini(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("IniFile"):
        name = row["FileName"].rpartition("|")[2].lower()
        if name in OF_WINDOWS and row.get("DirProperty", "") in ("", "WindowsFolder", "WindowsVolume"):
            yield Broken(f"IniFile: {row['IniFile']}", f"it writes [{row['Section']}] of {name}")


@rule(
    Group.SYSTEM,
    "opens-the-firewall",
    "a rule of the firewall is for its own program, for a port or for named hosts",
    "FirewallException element (Firewall extension of WiX)",
)
def opens_the_firewall(msi: Msi) -> Iterator[Broken]:
    for table in FIREWALL_TABLES:
        for row in msi.rows(table):
            narrow = [row.get(column, "") for column in NARROWS]
            outward = bits(row, "Direction") == OUTBOUND
            ping = row.get("Protocol", "") in OF_PING
            harmless = row.get("Action") == BLOCKS or row.get("Enabled") == NOT_IN_FORCE
            if not outward and not ping and not harmless and all(each.lower() in ANYBODY for each in narrow):
                yield Broken(
                    f"{table}: {row.get('Name', '')}", "it lets everybody in, to every program and port"
                )
