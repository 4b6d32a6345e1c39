"""Where an MSI's folders lie on Windows. Pure.

Sources in Microsoft's Windows Installer reference: "Directory table", "System Folder Properties", "Formatted".
"""

import re
from collections.abc import Mapping

from harness.candidate.msi_tables import Tables
from harness.candidate.payload import long_name

PROGRAM_FILES = "C:\\Program Files"
PROGRAM_FILES_X86 = "C:\\Program Files (x86)"
WINDOWS = "C:\\Windows"
START_MENU = "C:\\ProgramData\\Microsoft\\Windows\\Start Menu"

SYSTEM_FOLDERS = {
    "ProgramFilesFolder": PROGRAM_FILES_X86,
    "ProgramFiles64Folder": PROGRAM_FILES,
    "CommonFilesFolder": f"{PROGRAM_FILES_X86}\\Common Files",
    "CommonFiles64Folder": f"{PROGRAM_FILES}\\Common Files",
    "CommonAppDataFolder": "C:\\ProgramData",
    "WindowsFolder": WINDOWS,
    "SystemFolder": f"{WINDOWS}\\SysWOW64",
    "System64Folder": f"{WINDOWS}\\System32",
    "FontsFolder": f"{WINDOWS}\\Fonts",
    "ProgramMenuFolder": f"{START_MENU}\\Programs",
    "StartMenuFolder": START_MENU,
    "StartupFolder": f"{START_MENU}\\Programs\\Startup",
    "DesktopFolder": "C:\\Users\\Public\\Desktop",
    "WindowsVolume": "C:",
}
"""On 64-bit Windows, installed for all users. What is missing here depends on the user, or on the drives."""

MOVES_FOLDERS = (35, 51)
"""Custom actions that set a folder or a property to a formatted text ("Custom Action Type 35", "… 51")."""
TYPE_BITS = 0x3F
REFERENCE = re.compile(r"\[([^\[\]]*)\]")


def resolve_folders(tables: Tables, given: Mapping[str, str]) -> dict[str, str | None]:
    """The path of every key of the Directory table; None where only an installation knows it.

    `given`: properties of the command line, which may name folders ("Changing the Target Location for a Directory").
    """
    return FolderTexts(tables, given).all()


class FolderTexts:
    """What properties and texts of an MSI's mean, where they name folders. `given`: as of `resolve_folders`."""

    def __init__(self, tables: Tables, given: Mapping[str, str]) -> None:
        self._rows = {row["Directory"]: row for row in tables.get("Directory", ())}
        self._properties = {row["Property"]: row["Value"] for row in tables.get("Property", ())} | dict(given)
        self._given = given
        scheduled = {row["Action"] for row in tables.get("InstallExecuteSequence", ())}
        self._set: dict[str, list[str]] = {}
        for row in tables.get("CustomAction", ()):
            if int(row["Type"] or 0) & TYPE_BITS in MOVES_FOLDERS and row["Action"] in scheduled:
                self._set.setdefault(row["Source"], []).append(row["Target"])
        self._searched = {row["Property"] for row in tables.get("AppSearch", ())}

    def all(self) -> dict[str, str | None]:
        """The path of every key of the Directory table."""
        return {key: self._path(key, ()) for key in self._rows}

    def of(self, name: str) -> str | None:
        """The path that a property holds, of the Directory table or not; None where only an installation knows it."""
        return self._path(name, ()) or self.filled(self._properties.get(name, ""))

    def filled(self, text: str) -> str | None:
        """The path that a formatted text means; None if it means none, or one that only an installation knows."""
        return self._formatted(text, ())

    def _path(self, key: str, above: tuple[str, ...]) -> str | None:
        if key in above:
            return None
        if key in self._given:
            return self._given[key].rstrip("\\") or None
        known = self._system(key)
        if known is not None:
            return known
        if key in self._set:
            texts = {self._formatted(text, (*above, key)) for text in self._set[key]}
            return texts.pop() if len(texts) == 1 else None
        row = self._rows.get(key)
        if key in self._searched or row is None or key == "TARGETDIR":
            return None
        parent = self._path(row["Directory_Parent"], (*above, key))
        name = long_name(row["DefaultDir"].partition(":")[0])
        if parent is None or "[" in name:
            return None
        return parent if name == "." else f"{parent}\\{name}"

    def _system(self, key: str) -> str | None:
        # Merge modules add their own code: ProgramFilesFolder.3643236F_FC70_… . The name counts, whatever its row says.
        return SYSTEM_FOLDERS.get(key.partition(".")[0])

    def _formatted(self, text: str, above: tuple[str, ...]) -> str | None:
        """A formatted text that names folders and properties; None if it holds anything else."""
        unknown = False

        def value(match: re.Match[str]) -> str:
            nonlocal unknown
            name = match[1]
            if name in self._rows or self._system(name) is not None:
                found = self._path(name, above)
            else:
                found = self._properties.get(name)
            unknown = unknown or found is None or "[" in found
            # A folder's value ends with a backslash, so texts are written behind it without one.
            return f"{found}\\" if name in self._rows or self._system(name) else found or ""

        filled = REFERENCE.sub(value, text)
        return None if unknown or not re.match(r"[A-Za-z]:\\", filled) else filled.rstrip("\\")
