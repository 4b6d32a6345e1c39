"""Which properties an MSI knows. Pure."""

import re

from harness.candidate.msi_tables import Tables

PUBLIC = re.compile(r"(?<![A-Za-z0-9_.])[A-Z_][A-Z0-9_.]*(?![A-Za-z0-9_.])")
"""A public property's name where it stands alone: in a condition, between brackets, in a list, as a key."""

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

    Those of its Property table; those that are to be handed over to the elevated part of the installation.
    """
    declared = {row["Property"]: row["Value"] for row in tables.get("Property", ())}
    secure = declared.get("SecureCustomProperties", "").split(";")
    names = [*declared, *(name for name in secure if name and name not in declared)]
    return {
        name: declared.get(name, "")
        for name in names
        if PUBLIC.fullmatch(name) and name not in OF_WINDOWS_INSTALLER and not _of_the_builder(name, tables)
    }


def hidden_properties(tables: Tables) -> frozenset[str]:
    """Properties that are kept out of the log: secrets."""
    declared = {row["Property"]: row["Value"] for row in tables.get("Property", ())}
    return frozenset(declared.get("MsiHiddenProperties", "").split(";")) - {""}


def _of_the_builder(name: str, tables: Tables) -> bool:
    """Set by the MSI itself: by its search for earlier versions, or for the pages of a set-up that nobody sees."""
    detected = {row.get("ActionProperty", "") for row in tables.get("Upgrade", ())}
    return name in detected or name.startswith(("WIX_", "WIXUI_"))
