"""Programs that the installation runs with the system's rights.

Sources: "Custom Action In-Script Execution Options", "Custom Action Type 34", "… Type 50", "… Type 2".
"""

import re
from collections.abc import Iterator

from harness.candidate.msi_actions import TYPE_BITS
from harness.candidate.msi_tables import Row
from harness.rules.access import sets_access_lists
from harness.rules.rule import Broken, Group, Msi, Severity, bits, rule, scheduled

IN_SCRIPT, NO_IMPERSONATE = 0x400, 0x800
IN_DIRECTORY, BY_PROPERTY = 34, 50
SETS = (35, 51)
SCRIPTS = {5: "JScript", 6: "VBScript"}
"""By the lowest three bits of an action's type, wherever its text lies."""
WRITABLE = (
    "TempFolder",
    "AppDataFolder",
    "LocalAppDataFolder",
    "PersonalFolder",
    "DesktopFolder",
    "CommonAppDataFolder",
)
"""Folders in which an ordinary user may put a file. In ProgramData everybody may make folders and files."""
WRITABLE_PATHS = re.compile(
    r"^\"?(?:c:\\(?:windows\\temp|users|programdata|temp)\\|%te?mp%|%appdata%|%localappdata%)", re.IGNORECASE
)
PROGRAM_DATA = re.compile(r"^\"?(?:\[CommonAppDataFolder\]|c:\\programdata\\)", re.IGNORECASE)
"""An installer may close its own folder there."""
SHELLS = re.compile(r"\b(?:cmd|powershell|pwsh|wscript|cscript|mshta)(?:\.exe)?\b", re.IGNORECASE)


@rule(
    Group.ACTIONS,
    "elevated-from-writable",
    "what runs with the system's rights lies where only administrators can write",
    "Custom Action In-Script Execution Options",
)
def elevated_from_writable(msi: Msi) -> Iterator[Broken]:
    given = {row["Source"]: row["Target"] for row in msi.rows("CustomAction") if _kind(row) in SETS}
    closed = sets_access_lists(msi)  # those are looked at by themselves
    for row in _elevated(msi):
        kind = _kind(row)
        place = ""
        if kind == IN_DIRECTORY:  # the command line, in that working directory
            bare = not re.match(r'"?(?:\[|[A-Za-z]:|\\|%)', row["Target"])
            place = f"[{row['Source']}]{row['Target']}" if bare else row["Target"]
        elif kind == BY_PROPERTY:
            place = given.get(row["Source"], msi.properties.get(row["Source"], ""))
        named = re.match(r'"?\[(\w+)\]', place)
        if closed and PROGRAM_DATA.match(place):
            continue
        if (named and named[1] in WRITABLE) or WRITABLE_PATHS.match(place):
            yield Broken(f"CustomAction: {row['Action']}", f"it runs {place} as SYSTEM")


@rule(
    Group.ACTIONS,
    "script",
    "the installation runs no VBScript or JScript, which Windows no longer brings everywhere",
    "Custom Action Types 5, 6, 21, 22, 37, 38, 53 and 54",
    Severity.WARNING,
)
def script(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("CustomAction"):
        if language := SCRIPTS.get(_kind(row) & 7):
            yield Broken(f"CustomAction: {row['Action']}", f"it is a {language}")


@rule(
    Group.ACTIONS,
    "from-a-callers-property",
    "no caller chooses what runs with the system's rights",
    "Custom Action Type 50",
)
def from_a_callers_property(msi: Msi) -> Iterator[Broken]:
    set_by_itself = {
        row["Source"]
        for row in msi.rows("CustomAction")
        if _kind(row) in SETS and scheduled(msi, row["Action"])
    }
    for row in _elevated(msi):
        name = row["Source"]
        if _kind(row) == BY_PROPERTY and name.isupper() and name in msi.secure and name not in set_by_itself:
            yield Broken(
                f"CustomAction: {row['Action']}",
                f"it runs what property {name} says, which any caller may set",
            )


@rule(
    Group.ACTIONS,
    "shell",
    "the installation starts no shell or script host with the system's rights",
    "Custom Action In-Script Execution Options",
    Severity.WARNING,
)
def shell(msi: Msi) -> Iterator[Broken]:
    given = {row["Source"]: row["Target"] for row in msi.rows("CustomAction") if _kind(row) in SETS}
    for row in _elevated(msi):
        text = f"{row['Target']} {given.get(row['Source'], '')} {given.get(row['Action'], '')}"
        if found := SHELLS.search(text):
            yield Broken(f"CustomAction: {row['Action']}", f"it starts {found[0]}")


def _kind(row: Row) -> int:
    return bits(row, "Type") & TYPE_BITS


def _elevated(msi: Msi) -> Iterator[Row]:
    """Deferred actions in the system's context that really run."""
    for row in msi.rows("CustomAction"):
        kind = bits(row, "Type")
        if kind & IN_SCRIPT and kind & NO_IMPERSONATE and scheduled(msi, row["Action"]) is not None:
            yield row
