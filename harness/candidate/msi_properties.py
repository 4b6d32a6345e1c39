"""Which properties an MSI knows. Pure."""

import re

from harness.candidate.msi_tables import Tables

PUBLIC = re.compile(r"(?<![A-Za-z0-9_.])[A-Z_][A-Z0-9_.]*(?![A-Za-z0-9_.])")
"""A public property's name where it stands alone: in a condition, between brackets, in a list, as a key."""

BRACKETS = re.compile(r"\[([A-Z_][A-Z0-9_.]*)\]")
OF_PAGES = frozenset(
    {"Control", "ControlCondition", "ControlEvent", "Dialog", "EventMapping", "LaunchCondition"}
)

OF_WINDOWS_INSTALLER = frozenset(
    {
        "ACTION",
        "ADDDEFAULT",
        "ADDLOCAL",
        "ADDSOURCE",
        "ADVERTISE",
        "AFTERREBOOT",
        "ALLUSERS",
        "ARPAUTHORIZEDCDFPREFIX",
        "ARPCOMMENTS",
        "ARPCONTACT",
        "ARPHELPLINK",
        "ARPHELPTELEPHONE",
        "ARPINSTALLLOCATION",
        "ARPNOMODIFY",
        "ARPNOREMOVE",
        "ARPNOREPAIR",
        "ARPPRODUCTICON",
        "ARPREADME",
        "ARPSETTINGSIDENTIFIER",
        "ARPSIZE",
        "ARPSYSTEMCOMPONENT",
        "ARPURLINFOABOUT",
        "ARPURLUPDATEINFO",
        "AVAILABLEFREEREG",
        "CCP_DRIVE",
        "COMPADDDEFAULT",
        "COMPADDLOCAL",
        "COMPADDSOURCE",
        "COMPANYNAME",
        "DISABLEADVTSHORTCUTS",
        "DISABLEMEDIA",
        "DISABLEROLLBACK",
        "EXECUTEACTION",
        "EXECUTEMODE",
        "FASTOEM",
        "FILEADDDEFAULT",
        "FILEADDLOCAL",
        "FILEADDSOURCE",
        "INSTALLLEVEL",
        "LIMITUI",
        "LOGACTION",
        "LOGVERBOSE",
        "MEDIAPACKAGEPATH",
        "MSIARPSETTINGSIDENTIFIER",
        "MSICHECKCRCS",
        "MSIDEPLOYMENTCOMPLIANT",
        "MSIDISABLEEEUI",
        "MSIDISABLELUAPATCHING",
        "MSIDISABLERMRESTART",
        "MSIENFORCEUPGRADECOMPONENTRULES",
        "MSIFASTINSTALL",
        "MSIINSTALLPERUSER",
        "MSINEWINSTANCE",
        "MSINODISABLEMEDIA",
        "MSIPATCHREMOVE",
        "MSIRESTARTMANAGERCONTROL",
        "MSIRMSHUTDOWN",
        "MSIRUNMODE",
        "MSIUNINSTALLSUPERSEDEDCOMPONENTS",
        "MSIUSEREALADMINDETECTION",
        "NOCOMPANYNAME",
        "NOUSERNAME",
        "PATCH",
        "PIDKEY",
        "PRIMARYFOLDER",
        "PROMPTROLLBACKCOST",
        "REBOOT",
        "REBOOTPROMPT",
        "REINSTALL",
        "REINSTALLMODE",
        "REMOVE",
        "RESUME",
        "ROOTDRIVE",
        "SEQUENCE",
        "SHORTFILENAMES",
        "SOURCELIST",
        "TARGETDIR",
        "TRANSFORMS",
        "TRANSFORMSATSOURCE",
        "TRANSFORMSSECURE",
        "UPGRADINGPRODUCTCODE",
        "USERNAME",
    }
)
"""Public properties that Windows Installer itself reads. Source: "Property Reference"."""


def known_properties(tables: Tables) -> frozenset[str]:
    """Public names that occur anywhere in the MSI's tables, and those of Windows Installer.

    An MSI may take a property that its Property table does not hold: one that only a condition, a formatted text or an
    inline script names. So every cell of every table is searched; what is found in vain does no harm here.
    """
    found = {
        name
        for rows in tables.values()
        for row in rows
        for cell in row.values()
        for name in PUBLIC.findall(cell)
    }
    return OF_WINDOWS_INSTALLER | found


def own_properties(tables: Tables) -> dict[str, str]:
    """Public properties of the MSI's own, with their default: what a caller is meant to set.

    Those of its Property table, those that are handed over to the elevated part of the installation or kept out of
    logs, and those that a text names in brackets.
    """
    declared = {row["Property"]: row["Value"] for row in tables.get("Property", ())}
    folders = {row["Directory"] for row in tables.get("Directory", ())}
    named = [*declared, *_secure(tables), *sorted(hidden_properties(tables)), *_in_brackets(tables)]
    return {
        name: declared.get(name, "")
        for name in dict.fromkeys(named)
        if PUBLIC.fullmatch(name)
        and name not in OF_WINDOWS_INSTALLER | folders
        and not _of_the_builder(name, tables)
    }


def _secure(tables: Tables) -> list[str]:
    rows = tables.get("Property", ())
    return next((row["Value"].split(";") for row in rows if row["Property"] == "SecureCustomProperties"), [])


def _in_brackets(tables: Tables) -> list[str]:
    """Names in formatted texts, but for those of pages that nobody sees."""
    rows = [row for name, found in tables.items() if name not in OF_PAGES for row in found]
    return [name for row in rows for cell in row.values() for name in BRACKETS.findall(cell)]


def hidden_properties(tables: Tables) -> frozenset[str]:
    """Properties that are kept out of the log: secrets."""
    declared = {row["Property"]: row["Value"] for row in tables.get("Property", ())}
    return frozenset(declared.get("MsiHiddenProperties", "").split(";")) - {""}


def _of_the_builder(name: str, tables: Tables) -> bool:
    """Set by the MSI itself: by its search for earlier versions, or for the pages of a set-up that nobody sees."""
    detected = {row.get("ActionProperty", "") for row in tables.get("Upgrade", ())}
    return name in detected or name.startswith(("WIX_", "WIXUI_"))
