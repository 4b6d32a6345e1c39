"""What of an MSI an installation without any wish installs: some features and components are for those who ask. Pure.

Sources: "Feature table", "Condition table", "Component table" (Condition), "INSTALLLEVEL property" in Microsoft's
Windows Installer reference.
"""

import re
from collections.abc import Mapping

from harness.candidate.msi_tables import Tables
from harness.rules.condition import NotACondition, decide
from harness.rules.system import AT_A_FIRST_INSTALL, ON_WINDOWS_10

NUMBER = re.compile("-?[0-9]{1,9}")
FAVOR_ADVERTISE = 4
"""Of a feature's attributes: it is offered, and installed when somebody first uses it."""
OF_COMPONENTS = ("CreateFolder", "File", "Registry", "ServiceControl", "ServiceInstall")
"""Tables whose rows are installed with a component."""


def left_out(tables: Tables) -> dict[str, str]:
    """Components that are not installed unless somebody asks for them, or of which nobody can say so → why."""
    features = _features_left_out(tables)
    homes: dict[str, list[str]] = {}
    for row in tables.get("FeatureComponents", ()):
        homes.setdefault(row["Component_"], []).append(row["Feature_"])
    found = {}
    for row in tables.get("Component", ()):
        name, condition = row["Component"], row.get("Condition", "")
        of = homes.get(name, [])
        if of and all(feature in features for feature in of):
            found[name] = features[of[0]]
        elif _holds(condition, tables) is not True:
            found[name] = f"only if {condition}"
    return found


def without(tables: Tables, components: Mapping[str, str]) -> Tables:
    """The tables as if these components were not in them."""
    return dict(tables) | {
        name: tuple(row for row in tables.get(name, ()) if row.get("Component_") not in components)
        for name in OF_COMPONENTS
    }


def _features_left_out(tables: Tables) -> dict[str, str]:
    """Features with a level above the installation's, or 0, or one that a condition may change; and those below them.

    So are those that are advertised rather than installed.
    """
    level_of_all = _number(_properties(tables).get("INSTALLLEVEL", ""), 1)
    conditional = {
        row["Feature_"]
        for row in tables.get("Condition", ())
        if _holds(row["Condition"], tables) is not False
    }
    rows = {row["Feature"]: row for row in tables.get("Feature", ())}
    found = {}
    for name in rows:
        above: str | None = name
        seen: set[str] = set()
        while above in rows and above not in seen:
            seen.add(above)
            level = _number(rows[above]["Level"], 1)
            if level == 0 or level > level_of_all or above in conditional:
                found[name] = f"only with feature {above}"
            elif _number(rows[above].get("Attributes", ""), 0) & FAVOR_ADVERTISE:
                found[name] = f"only once feature {above} is used: it is advertised"
            above = rows[above].get("Feature_Parent")
    return found


def _holds(condition: str, tables: Tables) -> bool | None:
    """Whether a condition holds at a first installation on a Windows of today; None if that cannot be said."""
    known = ON_WINDOWS_10 | AT_A_FIRST_INSTALL | {"ProductState": "-1"} | _properties(tables)
    try:
        return decide(condition, known)
    except NotACondition:
        return None


def _properties(tables: Tables) -> dict[str, str]:
    return {row["Property"]: row["Value"] for row in tables.get("Property", ())}


def _number(text: str, otherwise: int) -> int:
    """A property may hold any text; levels have 16 bits ("Feature table")."""
    return int(text) if NUMBER.fullmatch(text) else otherwise
