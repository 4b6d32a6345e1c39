"""What is one user's in an installation that is to be everybody's, and what is everybody's and is taken.

Sources: "ALLUSERS property", "Component table: KeyPath", "Extension table"; ICE57, ICE91.
"""

from collections.abc import Iterator

from harness.rules.rule import Broken, Group, Msi, Severity, bits, rule

SETS = (35, 51)
TYPE_BITS = 0x3F
CURRENT_USER = 1
"""Root of the Registry table: HKCU."""
OF_REGISTRY = 0x4
A_USERS = (
    "AppDataFolder",
    "LocalAppDataFolder",
    "PersonalFolder",
    "FavoritesFolder",
    "SendToFolder",
    "NetHoodFolder",
)
"""Folders of whoever installs it: of the system's own account, where software is distributed."""
IN_PROFILES = (
    *A_USERS,
    *("ProgramMenuFolder", "StartMenuFolder", "StartupFolder", "DesktopFolder", "TemplateFolder"),
    *("AdminToolsFolder", "MyPicturesFolder", "PrintHoodFolder", "RecentFolder"),
)
"""Where a component's key path must be a value below HKCU, whomever it is installed for (ICE38)."""
OF_WINDOWS = frozenset(
    {
        *(
            "bat",
            "cmd",
            "com",
            "cpl",
            "dll",
            "exe",
            "hta",
            "ini",
            "inf",
            "js",
            "jse",
            "lnk",
            "log",
            "msc",
            "msi",
        ),
        *("msp", "ps1", "psm1", "reg", "scr", "sys", "txt", "url", "vbe", "vbs", "wsf", "wsh", "zip"),
        *("bmp", "gif", "htm", "html", "jpg", "jpeg", "pdf", "png", "rtf", "xml", "cer", "crt", "p7b", "pfx"),
    }
)
"""File types that Windows opens by itself, or runs."""
CLASSES = "software\\classes\\"
ROOT_OF_CLASSES, LOCAL_MACHINE, CURRENT = 0, 2, -1


@rule(
    Group.SYSTEM,
    "registered-for-one-user",
    "a product with services is installed for all users",
    "ALLUSERS property",
)
def registered_for_one_user(msi: Msi) -> Iterator[Broken]:
    given = msi.profile.installer.properties if msi.profile else {}
    by_action = any(
        row["Source"] == "ALLUSERS" and bits(row, "Type") & TYPE_BITS in SETS
        for row in msi.rows("CustomAction")
    )
    by_action = by_action or any("ALLUSERS" in row["Target"] for row in msi.rows("CustomAction"))
    value = msi.properties.get("ALLUSERS", "")
    if msi.rows("ServiceInstall") and not value and "ALLUSERS" not in given and not by_action:
        yield Broken(
            "Property: ALLUSERS",
            "it is not set: the product is registered for whoever installs it, and nobody else sees or upgrades it",
        )


@rule(
    Group.COMPONENTS,
    "a-users-key-path",
    "files and services are everybody's, and so is what tells whether they are there",
    "Component table: KeyPath; ICE57",
)
def a_users_key_path(msi: Msi) -> Iterator[Broken]:
    # By default for whoever installs it: its files are that user's.
    dual = msi.properties.get("MSIINSTALLPERUSER", "") == "1"
    tables = ("ServiceInstall",) if dual else ("File", "ServiceInstall")
    holds = {row["Component_"] for table in tables for row in msi.rows(table)}
    of_user = {row["Registry"] for row in msi.rows("Registry") if bits(row, "Root") == CURRENT_USER}
    shortcuts = {row["Component_"] for row in msi.rows("Shortcut")}
    for row in msi.rows("Component"):
        by_value = bits(row, "Attributes") & OF_REGISTRY and row["KeyPath"] in of_user
        if (
            by_value
            and row["Component"] in holds - shortcuts
            and not _below(msi, row["Directory_"], IN_PROFILES)
        ):
            yield Broken(
                f"Component: {row['Component']}",
                "its key path is a value below HKCU: for another user it is not there",
            )


@rule(
    Group.COMPONENTS,
    "in-a-users-folder",
    "an installation for all users puts no file into the profile of whoever installs it",
    "ALLUSERS property; ICE91",
    Severity.WARNING,
)
def in_a_users_folder(msi: Msi) -> Iterator[Broken]:
    if msi.properties.get("ALLUSERS", "") != "1":
        return
    homes = {row["Component"]: row["Directory_"] for row in msi.rows("Component")}
    for row in msi.rows("File"):
        if folder := _below(msi, homes.get(row["Component_"], ""), A_USERS):
            yield Broken(f"File: {row['File']}", f"it goes into {folder}, which is one user's")


def _below(msi: Msi, folder: str, folders: tuple[str, ...]) -> str:
    """That of these folders in which this one lies; empty if it lies in none. Merge modules add their own code."""
    parents = {row["Directory"]: row["Directory_Parent"] for row in msi.rows("Directory")}
    seen = set[str]()
    while folder and folder not in seen:
        if (name := folder.partition(".")[0]) in folders:
            return name
        seen.add(folder)
        folder = parents.get(folder, "")
    return ""


@rule(
    Group.SYSTEM,
    "takes-a-file-type",
    "file types of Windows are opened by what opened them before",
    "Extension table; Registry table",
)
def takes_a_file_type(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("Extension"):
        if row["Extension"].lower() in OF_WINDOWS and row.get("ProgId_", ""):
            yield Broken(f"Extension: {row['Extension']}", f"it becomes {row['ProgId_']}")
    for row in msi.rows("Registry"):
        root, key = bits(row, "Root"), row["Key"].lower().strip("\\")
        if root in (LOCAL_MACHINE, CURRENT):
            if not key.startswith(CLASSES):
                continue
            key = key.removeprefix(CLASSES)
        elif root != ROOT_OF_CLASSES:
            continue
        if key.startswith(".") and key[1:] in OF_WINDOWS and not row["Name"] and row["Value"]:
            yield Broken(f"Registry: {row['Registry']}", f"{key} becomes {row['Value']}")
