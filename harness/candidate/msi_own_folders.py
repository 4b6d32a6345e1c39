"""The folders that Windows Installer removes by itself once they are empty. Pure.

Sources in Microsoft's Windows Installer reference: "RemoveFiles action", "RemoveFolders action", "CreateFolder table",
"Component table" (a permanent component stays, and its folder with it).
"""

from collections.abc import Mapping

from harness.candidate.msi_folders import SYSTEM_FOLDERS, resolve_folders
from harness.candidate.msi_tables import Tables

PERMANENT = 0x10
"""msidbComponentAttributesPermanent."""


def own_folders(tables: Tables, given: Mapping[str, str]) -> frozenset[str]:
    """Paths in lower case: every folder of the Directory table that holds a component, itself or below it.

    Not the system's own folders, nor what a permanent component keeps. `given`: properties of the command line.
    """
    parents = {row["Directory"]: row["Directory_Parent"] for row in tables.get("Directory", ())}
    used: set[str] = set()
    kept: set[str] = set()
    for row in tables.get("Component", ()):
        is_permanent = int(row.get("Attributes") or 0) & PERMANENT
        (kept if is_permanent else used).update(_above(row["Directory_"], parents))
    paths = resolve_folders(tables, given)
    of_the_system = {path.lower() for path in SYSTEM_FOLDERS.values()}
    found = {path.lower() for key in used - kept if (path := paths.get(key))}
    return frozenset(path for path in found - of_the_system if path.count("\\"))


def _above(key: str, parents: Mapping[str, str]) -> list[str]:
    """A folder's key and those above it, to the root."""
    found: list[str] = []
    while key in parents and key not in found:
        found.append(key)
        key = parents[key]
    return found
