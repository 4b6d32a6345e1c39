"""What has to stand before what in an installation, and rows that lead to no other row.

Sources: "StartServices action", "Custom Action Execution Scheduling Options", "ICE77", "ICE03", "ICE04", "ICE21".
"""

from collections.abc import Iterator

from harness.candidate.msi_actions import TYPE_BITS
from harness.rules.actions import IN_SCRIPT
from harness.rules.rule import Broken, Group, Msi, bits, rule, scheduled

STARTS = 1
"""ServiceControl's Event: at the installation the service is started."""
NEEDED = {
    "InstallFiles": "File",
    "InstallServices": "ServiceInstall",
    "WriteRegistryValues": "Registry",
    "DuplicateFiles": "DuplicateFile",
}
"""What a service may need when it starts: the action that puts it there → its table."""
KEYS = {
    ("File", "File", "Component_"): ("Component", "Component"),
    ("Registry", "Registry", "Component_"): ("Component", "Component"),
    ("ServiceInstall", "ServiceInstall", "Component_"): ("Component", "Component"),
    ("ServiceControl", "ServiceControl", "Component_"): ("Component", "Component"),
    ("Environment", "Environment", "Component_"): ("Component", "Component"),
    ("RemoveFile", "FileKey", "Component_"): ("Component", "Component"),
    ("FeatureComponents", "Feature_", "Component_"): ("Component", "Component"),
    ("FeatureComponents", "Component_", "Feature_"): ("Feature", "Feature"),
    ("Component", "Component", "Directory_"): ("Directory", "Directory"),
}
"""(Table, its key, its column that names a row of another one) → that table and its key."""
SOURCES = {
    **dict.fromkeys((1, 2, 5, 6), ("Binary", "Name")),
    **dict.fromkeys((17, 18, 21, 22), ("File", "File")),
    **dict.fromkeys((34, 35), ("Directory", "Directory")),
}
"""Type of a custom action → the table and key of what its source names."""
FOLDERS = ("Folder", "TARGETDIR", "SourceDir", "WindowsVolume")
"""How names end of folders that Windows Installer knows without a row."""


@rule(
    Group.SERVICES,
    "starts-too-early",
    "a service is started once its files, its entry and its values are there",
    "StartServices action: Sequence Restrictions",
)
def starts_too_early(msi: Msi) -> Iterator[Broken]:
    starts = scheduled(msi, "StartServices")
    if starts is None or not any(bits(row, "Event") & STARTS for row in msi.rows("ServiceControl")):
        return
    for action, table in NEEDED.items():
        row = scheduled(msi, action)
        if row is not None and msi.rows(table) and bits(row, "Sequence") > bits(starts, "Sequence"):
            yield Broken("InstallExecuteSequence: StartServices", f"it stands before {action}")


@rule(
    Group.ACTIONS,
    "deferred-outside",
    "a deferred action stands between InstallInitialize and InstallFinalize: elsewhere it ends the installation (2762)",
    "Custom Action Execution Scheduling Options; ICE77",
)
def deferred_outside(msi: Msi) -> Iterator[Broken]:
    first, last = scheduled(msi, "InstallInitialize"), scheduled(msi, "InstallFinalize")
    for action in msi.rows("CustomAction"):
        row = scheduled(msi, action["Action"])
        if row is None or not bits(action, "Type") & IN_SCRIPT:
            continue
        at = bits(row, "Sequence")
        if first is not None and at < bits(first, "Sequence"):
            yield Broken(
                f"CustomAction: {action['Action']}", "it is deferred, and stands before InstallInitialize"
            )
        if last is not None and at > bits(last, "Sequence"):
            yield Broken(
                f"CustomAction: {action['Action']}", "it is deferred, and stands after InstallFinalize"
            )


@rule(
    Group.SYSTEM,
    "leads-to-no-row",
    "what a row names in another table is there",
    "ICE03: foreign keys; Custom Action Reference",
)
def leads_to_no_row(msi: Msi) -> Iterator[Broken]:
    there = {
        (table, key): {row[key] for row in msi.rows(table)}
        for table, key in {*KEYS.values(), *SOURCES.values()}
    }
    for (table, key, column), target in KEYS.items():
        for row in msi.rows(table):
            if (name := row.get(column, "")) and name not in there[target] and not name.endswith(FOLDERS):
                yield Broken(
                    f"{table}: {row[key]}", f"{column} is {name}, which table {target[0]} does not have"
                )
    for row in msi.rows("CustomAction"):
        source = SOURCES.get(bits(row, "Type") & TYPE_BITS)
        if not source or scheduled(msi, row["Action"]) is None or row["Source"].endswith(FOLDERS):
            continue
        if row["Source"] not in there[source]:
            yield Broken(
                f"CustomAction: {row['Action']}", f"its source {row['Source']} is not in table {source[0]}"
            )


@rule(
    Group.COMPONENTS,
    "of-no-feature",
    "every component belongs to a feature: one of none is never installed",
    "FeatureComponents table; ICE21",
)
def of_no_feature(msi: Msi) -> Iterator[Broken]:
    chosen = {row["Component_"] for row in msi.rows("FeatureComponents")}
    for row in msi.rows("Component"):
        if row["Component"] not in chosen:
            yield Broken(f"Component: {row['Component']}", "no feature has it, so it is never installed")


@rule(
    Group.SYSTEM,
    "on-no-medium",
    "each file is on one of the media",
    "Media table: LastSequence; ICE04",
)
def on_no_medium(msi: Msi) -> Iterator[Broken]:
    last = max((bits(row, "LastSequence") for row in msi.rows("Media")), default=0)
    for row in msi.rows("File"):
        if msi.rows("Media") and bits(row, "Sequence") > last:
            yield Broken(
                f"File: {row['File']}", f"it is number {row['Sequence']}, and the media end with {last}"
            )
