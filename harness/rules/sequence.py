"""What an installation does when it fails, or when nobody sees its windows.

Sources: "DISABLEROLLBACK property", "DisableRollback action", "LaunchConditions action", "REINSTALLMODE property".
"""

from collections.abc import Iterator

from harness.rules.rule import Broken, Group, Msi, Severity, rule, scheduled


@rule(
    Group.SYSTEM,
    "no-rollback",
    "an installation that fails is undone",
    "DISABLEROLLBACK property, DisableRollback action",
)
def no_rollback(msi: Msi) -> Iterator[Broken]:
    if value := msi.properties.get("DISABLEROLLBACK", ""):
        yield Broken("Property: DISABLEROLLBACK", f"it is {value!r}: what fails stays half done")
    row = scheduled(msi, "DisableRollback")
    if row is not None and not row["Condition"]:
        yield Broken(
            "InstallExecuteSequence: DisableRollback", "it runs always: what fails after it stays half done"
        )


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
