"""What an uninstall removes by pattern, beside what it installed: logs, caches, whole folders. Pure.

Sources in Microsoft's Windows Installer reference: "RemoveFile table", "RegLocator table", "AppSearch table"; the WiX
Toolset's documentation: "RemoveFolderEx element" (it adds rows with the pattern `*` for the folder and all below it).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from harness.candidate.msi_folders import FolderTexts
from harness.candidate.msi_own_folders import PERMANENT
from harness.candidate.msi_tables import Row, Tables
from harness.candidate.payload import long_name

ON_UNINSTALL = 2
"""msidbRemoveFileInstallModeOnRemove."""
WHOLE_FOLDERS = {"WixRemoveFolderEx": "WixRemoveFolderEx", "Wix4RemoveFolderEx": "RemoveFolderEx"}
"""Tables of WiX's and their keys."""
READ = frozenset(
    {
        *(
            "AppSearch",
            "Component",
            "CustomAction",
            "Directory",
            "InstallExecuteSequence",
            "Property",
            "Registry",
        ),
        *("RegLocator", "RemoveFile"),
        *WHOLE_FOLDERS,
    }
)
"""The tables that tell it."""


@dataclass(frozen=True)
class Removal:
    """What goes from one folder: the files of a name with `*` or `?`, the empty folder itself, or all of it."""

    folder: str
    pattern: str = ""
    whole: bool = False


def removed_by_pattern(
    tables: Tables, given: Mapping[str, str], staying: Collection[str] = ()
) -> tuple[Removal, ...]:
    """In the order in which it is done: files first, then folders, the deepest first. `given`: as of `resolve_folders`.

    Nothing where no row has a pattern, and nothing of a permanent component or of a folder that only an installation
    knows. `staying`: names of components that another product keeps.
    """
    texts = FolderTexts(tables, given)
    stay = {
        row["Component"] for row in tables.get("Component", ()) if int(row["Attributes"] or 0) & PERMANENT
    }
    stay.update(staying)
    rows = [
        row for row in tables.get("RemoveFile", ()) if _on_uninstall(row) and row["Component_"] not in stay
    ]
    wild = [Removal(folder, name) for row in rows for folder, name in _files(row, tables, texts)]
    whole = [
        Removal(folder, whole=True)
        for table in WHOLE_FOLDERS
        for row in tables.get(table, ())
        if _on_uninstall(row)
        and row["Component_"] not in staying
        and (folder := _folder(row["Property"], tables, texts))
    ]
    if not wild:
        return tuple(whole)
    emptied = {
        folder
        for row in rows
        if not row["FileName"] and (folder := _folder(row["DirProperty"], tables, texts))
    }
    return (*wild, *whole, *(Removal(folder) for folder in sorted(emptied, key=len, reverse=True)))


def _on_uninstall(row: Row) -> bool:
    return bool(int(row["InstallMode"] or 0) & ON_UNINSTALL)


def _files(row: Row, tables: Tables, texts: FolderTexts) -> Iterator[tuple[str, str]]:
    name, folder = long_name(row["FileName"]), _folder(row["DirProperty"], tables, texts)
    if folder and {"*", "?"} & set(name):
        yield folder, name


def _folder(name: str, tables: Tables, texts: FolderTexts) -> str:
    """The folder of a property: of the Directory table, set by an action, or what a search finds of this MSI's own."""
    if found := texts.of(name):
        return found
    signatures = {row["Signature_"] for row in tables.get("AppSearch", ()) if row["Property"] == name}
    places = {_place(row) for row in tables.get("RegLocator", ()) if row["Signature_"] in signatures}
    written = [row["Value"] for row in tables.get("Registry", ()) if _place(row) in places]
    return next((path for text in written if (path := texts.filled(text.removeprefix("#%")))), "")


def _place(row: Row) -> tuple[str, str, str]:
    return row["Root"], row["Key"].strip("\\").lower(), row["Name"].lower()
