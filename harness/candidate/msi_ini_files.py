"""The .ini files that a package writes values into, and whether anything but empty sections is in one. Pure.

Sources in Microsoft's Windows Installer reference: "IniFile table", "RemoveIniFile table" (with its last value a section
goes), "RemoveIniValues action".
"""

from collections.abc import Mapping

from harness.candidate.msi_folders import FolderTexts
from harness.candidate.msi_own_folders import PERMANENT
from harness.candidate.msi_tables import Tables
from harness.candidate.payload import long_name

READ = frozenset({"Component", "CustomAction", "Directory", "IniFile", "Property", "AppSearch"})
"""The tables that tell it."""


def ini_files(tables: Tables, given: Mapping[str, str]) -> tuple[str, ...]:
    """Their paths, each once. `given`: as of `resolve_folders`.

    None of a permanent component, in a folder that only an installation knows, or in the Windows folder by default.
    """
    texts = FolderTexts(tables, given)
    stay = {
        row["Component"] for row in tables.get("Component", ()) if int(row["Attributes"] or 0) & PERMANENT
    }
    paths = (
        f"{folder}\\{name}"
        for row in tables.get("IniFile", ())
        if row["Component_"] not in stay
        and (folder := texts.of(row["DirProperty"]))
        and "[" not in (name := long_name(row["FileName"]))
    )
    return tuple(dict.fromkeys(paths))


def only_sections(content: bytes) -> bool:
    """Whether no line holds more than a section's name."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "latin-1"
    lines = (line.strip() for line in content.decode(encoding, "replace").splitlines())
    return all(not line or (line.startswith("[") and line.endswith("]")) for line in lines)
