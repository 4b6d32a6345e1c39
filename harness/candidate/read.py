"""The candidate's identity, read from the file itself."""

import stat
from collections.abc import Iterator
from pathlib import Path

from harness.candidate.authenticode import read_signature
from harness.candidate.inventory import inventory_of
from harness.candidate.kinds import compound_kind, foreign_kind, program_kind
from harness.candidate.msi import COMPOUND_FILE, has_table, platform, properties, stopped_on_uninstall
from harness.candidate.pe import is_pe
from harness.candidate.source import find_beside, read_source
from harness.candidate.transforms import transforms_beside
from harness.files import sha256_of
from harness.model.candidate import BesideFile, Candidate, InstallerKind, Platform, Signature
from harness.model.errors import ConfigurationError
from harness.model.profile import AgentProfile
from harness.model.relocation import of_version


def read_candidate(path: Path, profile: AgentProfile) -> Candidate:
    """Read the installer.

    Raises `ConfigurationError` if it is missing, no installer of the profile's kind, damaged, or for another
    platform than the profile's; `ToolMissing` if msitools or osslsigncode are not installed.
    """
    path = path.absolute()
    found, other = installer_kind(path), what_else(path)
    wanted = profile.installer.kind
    if other or found is not wanted:
        what = other or f"the file is {_a(found or wanted)} installer"
        raise ConfigurationError(f"{what}; profile {profile.name!r} expects {_a(wanted)}.", file=str(path))
    if wanted is InstallerKind.EXE:
        return _exe(path, profile)
    return _msi(path, profile)


def what_else(path: Path) -> str:
    """Why the file is no installer, in words; empty if it is one. Raises `ConfigurationError` if it cannot be read."""
    found = installer_kind(path)
    look = {InstallerKind.MSI: compound_kind, InstallerKind.EXE: program_kind, None: foreign_kind}[found]
    if what := look(path):
        return f"the file is {what}, no installer"
    return "" if found else "the file is no installer that is known here"


def installer_kind(path: Path) -> InstallerKind | None:
    """What the file is by its content; None for anything else. Raises `ConfigurationError` if it cannot be read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ConfigurationError("this is a directory, not an installer.", file=str(path))
        if not stat.S_ISREG(mode):  # reading a pipe may never end, and it gives its bytes only once
            raise ConfigurationError(
                "this is no ordinary file.", file=str(path), hint="Save the installer as one."
            )
        with path.open("rb") as file:
            head = file.read(len(COMPOUND_FILE))
    except FileNotFoundError:
        raise ConfigurationError("there is no such file.", file=str(path)) from None
    except OSError as error:
        raise ConfigurationError(f"the file cannot be read: {error.strerror}.", file=str(path)) from None
    if not head:
        raise ConfigurationError("the file is empty.", file=str(path), hint="Build or download it again.")
    if head == COMPOUND_FILE:
        return InstallerKind.MSI
    return InstallerKind.EXE if is_pe(path) else None


def _a(kind: InstallerKind) -> str:
    return f"an {kind.value.upper()}"


def _msi(path: Path, profile: AgentProfile) -> Candidate:
    given = platform(path)
    if given.value != profile.platform:
        raise ConfigurationError(
            f"the MSI is for platform {given.value}; profile {profile.name!r} expects {profile.platform}.",
            file=str(path),
            hint="Name the candidate for that platform, or the profile for this one.",
        )
    if has_table(path, "ModuleSignature"):
        raise ConfigurationError(
            "the file is a merge module (.msm), a part to build MSIs from, no installer;"
            f" profile {profile.name!r} expects an MSI.",
            file=str(path),
        )
    values = properties(path)
    for needed in ("ProductVersion", "ProductCode", "ProductName"):
        if not values.get(needed):
            raise ConfigurationError(
                f"the MSI has no {needed}, which Windows Installer requires.", file=str(path)
            )
    return _candidate(
        path,
        profile,
        InstallerKind.MSI,
        version=values["ProductVersion"],
        product_name=values["ProductName"],
        product_code=values["ProductCode"],
        upgrade_code=values.get("UpgradeCode", ""),
        manufacturer=values.get("Manufacturer", ""),
        platform=given,
        stopped_on_uninstall=stopped_on_uninstall(path),
        beside=(*_beside(path), *_transforms(path, profile)),
    )


def _beside(path: Path) -> Iterator[BesideFile]:
    """What must be copied along. Raises `ConfigurationError` if something is not there."""
    for name in read_source(path).beside:
        found = find_beside(path, name)
        yield BesideFile(name=name.replace("\\", "/"), sha256=sha256_of(found), size=found.stat().st_size)


def _transforms(path: Path, profile: AgentProfile) -> Iterator[BesideFile]:
    for name, found in transforms_beside(path, profile).items():
        yield BesideFile(name=name.replace("\\", "/"), sha256=sha256_of(found), size=found.stat().st_size)


def _exe(path: Path, profile: AgentProfile) -> Candidate:
    version = profile.installer.declared_version
    if not version:
        raise ConfigurationError(
            f"profile {profile.name!r} declares no version for its EXE installer.",
            hint="Set installer.declared_version.",
        )
    # The platform is the profile's: a 32-bit set-up program commonly carries a 64-bit product.
    return _candidate(
        path,
        profile,
        InstallerKind.EXE,
        version=version,
        product_name=of_version(profile, version).product_name,
        platform=Platform(profile.platform),
    )


def _candidate(
    path: Path,
    profile: AgentProfile,
    kind: InstallerKind,
    *,
    version: str,
    product_name: str,
    platform: Platform,
    product_code: str = "",
    upgrade_code: str = "",
    manufacturer: str = "",
    stopped_on_uninstall: tuple[str, ...] = (),
    beside: tuple[BesideFile, ...] = (),
) -> Candidate:
    signature: Signature = read_signature(path)
    return Candidate(
        path=path,
        sha256=sha256_of(path),
        size=path.stat().st_size,
        kind=kind,
        version=version,
        product_name=product_name,
        product_code=product_code,
        upgrade_code=upgrade_code,
        manufacturer=manufacturer,
        platform=platform,
        stopped_on_uninstall=stopped_on_uninstall,
        signature=signature,
        beside=beside,
        inventory=inventory_of(path, kind, signature, profile),
    )
