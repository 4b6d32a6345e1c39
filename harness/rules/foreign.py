"""What belongs to Windows or to everybody, and is reached by tables that few installers use.

Sources: "MoveFile table", "IniFile table", "LockPermissions table"; the firewall tables of WiX's extensions.
"""

from collections.abc import Iterator

from harness.candidate.msi_folders import SYSTEM_FOLDERS
from harness.rules.rule import Broken, Group, Msi, bits, rule

MOVES = 1
"""MoveFile's Options: 0 copies."""
OF_WINDOWS = ("win.ini", "system.ini", "boot.ini")
FIREWALL_TABLES = ("WixFirewallException", "Wix4FirewallException", "Wix5FirewallException")
ANYBODY = ("", "*", "any")
OUTBOUND = 2
NARROWS = ("Program", "Port", "RemoteAddresses", "Service", "IcmpTypesAndCodes")
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
        if bits(row, "Options") & MOVES and row["SourceFolder"] in SYSTEM_FOLDERS:
            yield Broken(
                f"MoveFile: {row['FileKey']}",
                f"{row['SourceName'] or 'a file'} goes from {row['SourceFolder']}, which others use, too",
            )


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
            if not outward and not ping and all(each.lower() in ANYBODY for each in narrow):
                yield Broken(
                    f"{table}: {row.get('Name', '')}", "it lets everybody in, to every program and port"
                )
