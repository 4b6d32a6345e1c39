"""The command lines that an MSI runs while it installs, by custom action. Pure.

Source: "Custom Action Type 34", "… 50" in Microsoft's Windows Installer reference; WiX, "Quiet Execution Custom Action".
"""

import re
from collections.abc import Mapping

from harness.candidate.msi_actions import LIBRARIES, TYPE_BITS
from harness.candidate.msi_folders import MOVES_FOLDERS
from harness.candidate.msi_tables import Tables

BY_FOLDER, BY_PROPERTY = 34, 50
"""Programs that the package does not hold itself: below a folder, or by a path that a property has."""
QUIETLY = re.compile(r"^(?:CA|Wix)(?:Quiet|Silent)Exec(?:64)?(?:Cmd)?$")
"""WiX's entry points that run the command line in a property: deferred, the one of the action's own name."""
OF_NOW = ("WixQuietExecCmdLine", "WixQuietExec64CmdLine", "QtExecCmdLine", "WixSilentExecCmdLine")
"""The properties that hold the command line where such an action is immediate."""


def commands(tables: Tables) -> Mapping[str, str]:
    """Action → its command line, as far as the tables hold it. What they leave to code is not there."""
    properties = {row["Property"]: row["Value"] for row in tables.get("Property", ())}
    actions = tables.get("CustomAction", ())
    for row in actions:
        if _kind(row["Type"]) in MOVES_FOLDERS:
            properties[row["Source"]] = row["Target"]
    found = {}
    for row in actions:
        name, kind, target = row["Action"], _kind(row["Type"]), row["Target"]
        if kind == BY_FOLDER:
            found[name] = target
        elif kind == BY_PROPERTY:
            found[name] = f"{properties.get(row['Source'], '')} {target}"
        elif kind in LIBRARIES and QUIETLY.match(target):
            held = (properties[each] for each in (name, *OF_NOW) if each in properties)
            found[name] = next(held, "")
    return {name: line for name, line in found.items() if line.strip()}


def _kind(text: str) -> int:
    return int(text or 0) & TYPE_BITS
