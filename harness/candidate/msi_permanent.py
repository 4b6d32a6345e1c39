"""Components of an MSI that stay when the product goes, and Windows Installer's record of each. Pure.

Source: "Component table" (msidbComponentAttributesPermanent) in Microsoft's Windows Installer reference. A permanent
component has the empty product as one more client, under a key named by its GUID, each of whose parts is reversed.
"""

import re

from harness.candidate.msi_tables import Tables

PERMANENT = 0x10
GUID = re.compile(
    r"\{([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}", re.IGNORECASE
)
RECORD = re.compile(
    r"^hklm\\software\\microsoft\\windows\\currentversion\\installer\\userdata\\s-[0-9-]+\\components"
    r"\\(?P<component>[0-9a-f]{32})(?:\\0{32})?$"
)
WHY_RECORD = "Windows Installer's own record of a component that is marked to stay (permanent)"


def permanent_components(tables: Tables) -> dict[str, str]:
    """Components that stay → their GUIDs; those without one are never registered."""
    return {
        row["Component"]: row["ComponentId"]
        for row in tables.get("Component", ())
        if int(row["Attributes"] or 0) & PERMANENT and row["ComponentId"]
    }


def packed(guid: str) -> str:
    """A GUID as Windows Installer names its keys by it, in lower case; empty for what is no GUID."""
    found = GUID.fullmatch(guid)
    if found is None:
        return ""
    first, second, third, *rest = found.groups()
    pairs = "".join(rest)
    turned = "".join(pairs[at + 1] + pairs[at] for at in range(0, len(pairs), 2))
    return f"{first[::-1]}{second[::-1]}{third[::-1]}{turned}".lower()


def recorded_component(name: str) -> str:
    """The packed GUID of the component whose record this key or value is, in lower case; empty for any other."""
    found = RECORD.match(name)
    return found["component"] if found else ""
