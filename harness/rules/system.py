"""What belongs to Windows or to other products, and is changed or removed by the tables.

Sources: "Environment table", "RemoveFile table", "RemoveRegistry table", "LaunchCondition table", "ForceReboot action".
"""

import re
from collections.abc import Iterator

from harness.candidate.msi_folders import SYSTEM_FOLDERS
from harness.candidate.msi_registry import ROOTS
from harness.rules.condition import NotACondition, decide
from harness.rules.rule import Broken, Group, Msi, Severity, bits, rule, scheduled

PREFIXES = "=+-!*"
"""Before a variable's name: create, set, remove with the product, remove, of the whole machine."""
OWN_NAME = 3
"""Letters before a pattern's first `*` or `?` by which it means files of one product."""
SHARED_KEYS = (
    "software",
    "software\\microsoft",
    "software\\classes",
    "software\\policies",
    "system\\currentcontrolset\\services",
    "system\\currentcontrolset\\control",
    "software\\microsoft\\windows\\currentversion",
    "software\\microsoft\\windows\\currentversion\\run",
    "software\\microsoft\\windows\\currentversion\\uninstall",
    "software\\microsoft\\windows nt\\currentversion",
)
ON_WINDOWS_10 = {
    "Installed": "",
    "REMOVE": "",
    "Privileged": "1",
    "AdminUser": "1",
    "VersionNT": "603",
    "VersionNT64": "603",
    "WindowsBuild": "9600",
    "Intel64": None,
    "MsiAMD64": None,
    "ServicePackLevel": "0",
}
"""What Windows Installer says on Windows 10 and Server 2016 and later ("Operating System Property Values")."""
AT_A_FIRST_INSTALL = {"Installed": "", "REMOVE": "", "UPGRADINGPRODUCTCODE": "", "REINSTALL": ""}
AT_AN_UNINSTALL = {"Installed": "1", "REMOVE": "ALL", "UPGRADINGPRODUCTCODE": "", "REINSTALL": ""}


@rule(
    Group.SYSTEM,
    "overwrites-path",
    "a variable that all programs share is added to: its value holds [~]",
    "Environment table: Value",
)
def overwrites_path(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("Environment"):
        name = row["Name"].lstrip(PREFIXES)
        if name.upper() in ("PATH", "PATHEXT", "PSMODULEPATH") and "[~]" not in row["Value"]:
            yield Broken(f"Environment: {row['Environment']}", f"{name} is set to {row['Value']!r}")


@rule(
    Group.SYSTEM,
    "variable-stays",
    "a variable goes with the product: its name begins with -",
    "Environment table: Name",
)
def variable_stays(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("Environment"):
        marks = row["Name"][: len(row["Name"]) - len(row["Name"].lstrip(PREFIXES))]
        if "-" not in marks and "!" not in marks and row["Value"]:
            yield Broken(
                f"Environment: {row['Environment']}", f"{row['Name']!r} stays when it is uninstalled"
            )


@rule(
    Group.SYSTEM,
    "removes-shared-files",
    "only files in folders of its own are removed",
    "RemoveFile table",
)
def removes_shared_files(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("RemoveFile"):
        pattern = row["FileName"].rpartition("|")[2]
        # A pattern that begins with a name of the product's own means its own files.
        anybodys = "*" in pattern and len(re.split(r"[*?]", pattern)[0]) < OWN_NAME
        if anybodys and row["DirProperty"] in SYSTEM_FOLDERS:
            yield Broken(
                f"RemoveFile: {row['FileKey']}", f"{pattern} in {row['DirProperty']}, which others use, too"
            )


@rule(
    Group.SYSTEM,
    "removes-shared-keys",
    "only keys of its own are removed whole",
    "RemoveRegistry table",
)
def removes_shared_keys(msi: Msi) -> Iterator[Broken]:
    for table, key in (("RemoveRegistry", "RemoveRegistry"), ("Registry", "Registry")):
        for row in msi.rows(table):
            whole = row["Name"] == "-" and (table == "RemoveRegistry" or not row.get("Value"))
            if whole and row["Key"].strip("\\").lower() in SHARED_KEYS:
                yield Broken(
                    f"{table}: {row[key]}",
                    f"{ROOTS.get(row['Root'], row['Root'])}\\{row['Key']} goes with all in it",
                )


@rule(
    Group.SYSTEM,
    "forces-a-reboot",
    "installing and uninstalling ask for no reboot that the profile does not declare",
    "ForceReboot action, ScheduleReboot action, REBOOT property",
)
def forces_a_reboot(msi: Msi) -> Iterator[Broken]:
    declared = msi.profile.installer.reboot_after if msi.profile else {}
    for action in ("ForceReboot", "ScheduleReboot"):
        row = scheduled(msi, action)
        for when, known in (("install", AT_A_FIRST_INSTALL), ("uninstall", AT_AN_UNINSTALL)):
            if row is None or when in declared:
                continue
            if _holds(row["Condition"], known):
                yield Broken(f"InstallExecuteSequence: {action}", f"it runs at every {when}")
    if msi.properties.get("REBOOT", "").lower() in ("f", "force") and not declared:
        yield Broken("Property: REBOOT", "it is 'Force': every installation and uninstall ends in a reboot")


@rule(
    Group.SYSTEM,
    "refuses-windows",
    "it can be installed on Windows 10 and later",
    "LaunchCondition table; VersionNT is 603 there",
)
def refuses_windows(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("LaunchCondition"):
        if _fails(row["Condition"], ON_WINDOWS_10):
            yield Broken(
                f"LaunchCondition: {row['Condition']}",
                "it does not hold there, where VersionNT and VersionNT64 are 603",
            )


@rule(
    Group.SYSTEM,
    "condition-unreadable",
    "every condition can be read: at one that cannot, the installation ends",
    "Conditional Statement Syntax, InstallExecuteSequence table",
)
def condition_unreadable(msi: Msi) -> Iterator[Broken]:
    for table, key in (("LaunchCondition", "Condition"), ("InstallExecuteSequence", "Action")):
        for row in msi.rows(table):
            try:
                decide(row["Condition"], {})
            except NotACondition as error:
                yield Broken(f"{table}: {row[key]}", str(error))


@rule(
    Group.SYSTEM,
    "no-way-to-remove",
    "Add/Remove Programs offers to remove it",
    "ARPNOREMOVE property",
    Severity.WARNING,
)
def no_way_to_remove(msi: Msi) -> Iterator[Broken]:
    if value := msi.properties.get("ARPNOREMOVE", ""):
        yield Broken("Property: ARPNOREMOVE", f"it is {value!r}")


@rule(
    Group.SYSTEM,
    "for-one-user",
    "it is installed for all users",
    "ALLUSERS property",
    Severity.WARNING,
)
def for_one_user(msi: Msi) -> Iterator[Broken]:
    value = msi.properties.get("ALLUSERS", "")
    if value != "1" and any(bits(row, "Root") == 2 for row in msi.rows("Registry")):
        yield Broken("Property: ALLUSERS", f"it is {value!r}, and the MSI writes below HKLM")


def _holds(condition: str, known: dict[str, str]) -> bool:
    try:
        return decide(condition, known) is True
    except NotACondition:
        return False


def _fails(condition: str, known: dict[str, str | None]) -> bool:
    try:
        return decide(condition, known) is False
    except NotACondition:
        return False
