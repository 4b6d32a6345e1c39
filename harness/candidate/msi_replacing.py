"""When one MSI takes another one's product away: a major upgrade. Pure.

Sources in Microsoft's Windows Installer reference: "Upgrade table", "RemoveExistingProducts action".
"""

from enum import StrEnum

from harness.candidate.msi_tables import Tables

ONLY_DETECT = 0x2
"""msidbUpgradeAttributesOnlyDetect."""
REMOVES, INSTALLS = "RemoveExistingProducts", "InstallFiles"
READ = frozenset({"Component", "InstallExecuteSequence", "Property", "Upgrade"})
"""The tables that tell it."""


class Replaced(StrEnum):
    """When the older product goes."""

    NEVER = "never"
    BEFORE = "before"
    AFTER = "after"


def replaced(older: Tables, by: Tables) -> Replaced:
    """Whether installing `by` takes the product of `older` away: whole, before its own files come, or after them."""
    old, new = _properties(older), _properties(by)
    family = old.get("UpgradeCode", "").lower()
    takes = any(
        row["UpgradeCode"].lower() == family and not int(row["Attributes"] or 0) & ONLY_DETECT
        for row in by.get("Upgrade", ())
    )
    same = old.get("ProductCode", "").lower() == new.get("ProductCode", "").lower()
    at = {row["Action"]: int(row["Sequence"] or 0) for row in by.get("InstallExecuteSequence", ())}
    if same or not family or not takes or REMOVES not in at:
        return Replaced.NEVER
    return Replaced.BEFORE if at[REMOVES] < at.get(INSTALLS, 0) else Replaced.AFTER


def shared(older: Tables, by: Tables) -> frozenset[str]:
    """Names of components of `older` that `by` has, too: a product that goes after its successor came leaves them."""
    codes = {row["ComponentId"].lower() for row in by.get("Component", ()) if row["ComponentId"]}
    return frozenset(
        row["Component"] for row in older.get("Component", ()) if row["ComponentId"].lower() in codes
    )


def _properties(tables: Tables) -> dict[str, str]:
    return {row["Property"]: row["Value"] for row in tables.get("Property", ())}
