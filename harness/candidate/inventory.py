"""What an installer brings along that a release before may not have: drivers, services, privileges, certificates.

Pure but for `inventory_of`. Sources: "ServiceInstall table", "MsiServiceConfig table" and "Custom Action In-Script
Execution Options" in Microsoft's Windows Installer reference; "Certificate stores" in its cryptography reference.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.candidate.msi_actions import elevated_actions
from harness.candidate.msi_contents import KERNEL, services_by_key
from harness.candidate.msi_registry import values_of
from harness.candidate.msi_tables import Tables, read_tables
from harness.candidate.payload import long_name
from harness.model.candidate import InstallerKind, Signature
from harness.model.inventory import Inventory, Kind
from harness.model.profile import AgentProfile

REQUIRED_PRIVILEGES = 6
"""MsiServiceConfig: SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO."""
TABLES = frozenset(
    {
        *("Property", "File", "Component", "Registry", "ServiceInstall", "MsiServiceConfig"),
        *("CustomAction", "InstallExecuteSequence", "LockPermissions", "MsiLockPermissionsEx"),
        *("Certificate", "Wix4Certificate", "Wix5Certificate", "MsiDriverPackages"),
    }
)
STORED = re.compile(r"\\SystemCertificates\\([^\\]+)\\Certificates\\([0-9A-F]{40})", re.IGNORECASE)
LOCAL_SYSTEM = "LocalSystem"


def inventory_of(path: Path, kind: InstallerKind, signature: Signature, profile: AgentProfile) -> Inventory:
    """Read it. Of an EXE the tables are not known, so neither drivers, services nor privileges are."""
    found: dict[Kind, set[str]] = {
        Kind.CERTIFICATE: set(_signers(signature)),
        Kind.CONTENT_FIELD: set(_content_fields(profile)),
    }
    if kind is InstallerKind.MSI:
        tables = read_tables(path, TABLES)
        for what, names in brought(tables).items():
            found[what] = found.get(what, set()) | names
    return Inventory.of(found)


def brought(tables: Tables) -> dict[Kind, set[str]]:
    """What these tables bring."""
    rows = tables.get("ServiceInstall", ())
    drivers = {row["Name"] for row in rows if int(row["ServiceType"] or 0) & KERNEL}
    by_key = services_by_key(values_of(tables))
    drivers |= {each.name for each in by_key if each.driver}
    return {
        Kind.DRIVER: drivers | set(_driver_files(tables)),
        Kind.SERVICE: {*(row["Name"] for row in rows), *(each.name for each in by_key)} - drivers,
        Kind.PRIVILEGE: set(_privileges(tables)),
        Kind.CERTIFICATE: set(_certificates(tables)),
    }


def _driver_files(tables: Tables) -> Iterator[str]:
    names = (long_name(row["FileName"]) for row in tables.get("File", ()))
    yield from (name for name in names if name.lower().endswith(".sys"))


def _privileges(tables: Tables) -> Iterator[str]:
    for row in tables.get("ServiceInstall", ()):
        if not int(row["ServiceType"] or 0) & KERNEL:
            yield f"{row['Name']} runs as {row.get('StartName') or LOCAL_SYSTEM}"
    for row in tables.get("MsiServiceConfig", ()):
        if row["ConfigType"] == str(REQUIRED_PRIVILEGES):
            yield from (f"{row['Name']} has {name}" for name in row["Argument"].split("[~]") if name)
    yield from (f"custom action {name} runs as {LOCAL_SYSTEM}" for name in elevated_actions(tables))
    for row in tables.get("LockPermissions", ()):
        yield f"access of {row['Domain']}\\{row['User']} to {row['Table']} {row['LockObject']}"
    for row in tables.get("MsiLockPermissionsEx", ()):
        yield f"access list of {row['Table']} {row['LockObject']}"


def _certificates(tables: Tables) -> Iterator[str]:
    for name in ("Certificate", "Wix4Certificate", "Wix5Certificate"):
        for row in tables.get(name, ()):
            yield f"{row.get('Name', '') or 'unnamed'} in store {row.get('StoreName', '') or 'unnamed'}"
    for value in values_of(tables):
        if match := STORED.search(value.key):
            yield f"{match[2].upper()} in store {match[1].upper()}"


def _signers(signature: Signature) -> Iterator[str]:
    if signature.present:
        yield f"signer {signature.subject} by {signature.issuer}"
        yield from (f"signer {name}" for name in signature.further)


def _content_fields(profile: AgentProfile) -> Iterator[str]:
    """The fields of every configuration that the gate gives to the agent, by their dotted paths."""
    if profile.configuration is not None:
        yield from _fields(profile.configuration.base)
        yield from _fields(profile.configuration.changed or {})
    for action in profile.response_actions.values():
        yield from _fields(action.configuration)


def _fields(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _fields(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        yield path
        for each in value:
            yield from _fields(each, f"{path}[]")
    else:
        yield path
