"""What an installation does when it fails, or when nobody sees its windows.

Sources: "DISABLEROLLBACK property", "DisableRollback action", "LaunchConditions action", "REINSTALLMODE property".
"""

import re
from collections.abc import Iterator

from harness.rules.rule import Broken, Group, Msi, Severity, rule, scheduled

REQUIRED = ("Manufacturer", "ProductCode", "ProductLanguage", "ProductName", "ProductVersion")
GUID = re.compile(r"\{[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", re.IGNORECASE)
"""Small letters are against the rules, too, and do no harm: wixl writes an UpgradeCode as it was given."""


@rule(
    Group.SYSTEM,
    "no-rollback",
    "an installation that fails is undone",
    "DISABLEROLLBACK property, DisableRollback action",
)
def no_rollback(msi: Msi) -> Iterator[Broken]:
    if (value := msi.properties.get("DISABLEROLLBACK", "")) not in ("", "0"):
        yield Broken("Property: DISABLEROLLBACK", f"it is {value!r}: what fails stays half done")
    row = scheduled(msi, "DisableRollback")
    if row is not None and not row["Condition"]:
        yield Broken(
            "InstallExecuteSequence: DisableRollback", "it runs always: what fails after it stays half done"
        )


@rule(
    Group.SYSTEM,
    "required-properties",
    "what every product must state is there",
    "Required Properties",
)
def required_properties(msi: Msi) -> Iterator[Broken]:
    for name in REQUIRED:
        if not msi.properties.get(name, "").strip():
            yield Broken(f"Property: {name}", "it is not set")


@rule(
    Group.SYSTEM,
    "malformed-guid",
    "GUIDs have the form that Windows Installer takes: 32 hexadecimal digits in braces",
    "GUID column data type; ICE03",
)
def malformed_guid(msi: Msi) -> Iterator[Broken]:
    for name in ("ProductCode", "UpgradeCode"):
        value = msi.properties.get(name, "")
        if value and not GUID.fullmatch(value):
            yield Broken(f"Property: {name}", f"it is {value!r}")
    for row in msi.rows("Component"):
        if row["ComponentId"] and not GUID.fullmatch(row["ComponentId"]):
            yield Broken(f"Component: {row['Component']}", f"its GUID is {row['ComponentId']!r}")
    for row in msi.rows("Upgrade"):
        if not GUID.fullmatch(row["UpgradeCode"]):
            yield Broken(f"Upgrade: {row['ActionProperty']}", f"it looks for {row['UpgradeCode']!r}")


@rule(
    Group.SYSTEM,
    "conditions-never-asked",
    "launch conditions hold for an installation without windows, too",
    "LaunchConditions action",
)
def conditions_never_asked(msi: Msi) -> Iterator[Broken]:
    if msi.rows("LaunchCondition") and scheduled(msi, "LaunchConditions") is None:
        first = msi.rows("LaunchCondition")[0]["Condition"]
        yield Broken(
            "InstallExecuteSequence",
            f"LaunchConditions never runs in it, so without windows nobody asks for {first}",
        )


@rule(
    Group.SYSTEM,
    "overwrites-newer",
    "files that are newer than the installer's are left alone",
    "REINSTALLMODE property",
    Severity.WARNING,
)
def overwrites_newer(msi: Msi) -> Iterator[Broken]:
    value = msi.properties.get("REINSTALLMODE", "")
    if set(value.lower()) & set("ae"):
        yield Broken("Property: REINSTALLMODE", f"it is {value!r}, by which also newer files are replaced")
