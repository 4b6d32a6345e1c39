"""The installer under test, as read from the file itself."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from harness.model.base import Frozen
from harness.model.inventory import Inventory


class InstallerKind(StrEnum):
    """How the candidate is installed."""

    MSI = "msi"
    EXE = "exe"


class Platform(StrEnum):
    """The MSI summary template's platform."""

    X64 = "x64"
    X86 = "Intel"
    ARM64 = "Arm64"


class Signature(Frozen):
    """What osslsigncode says of the file's Authenticode signature."""

    present: bool
    intact: bool = Field(
        default=False,
        description="the signed digest is the file's and was signed by the named certificate's key",
    )
    subject: str = ""
    issuer: str = ""
    digest_algorithm: str = ""
    lapsed: str = Field(
        default="",
        description="when its certificate ended, if it has and no time stamp says that it was signed before; else empty",
    )
    further: tuple[str, ...] = Field(
        default=(), description="who made further signatures, nested in the first or appended"
    )


class BesideFile(Frozen):
    """A file beside the MSI that it installs from: a cabinet, or a file of an uncompressed source."""

    name: str = Field(description="below the MSI's folder, as the MSI names it, with `/`")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0, description="bytes")


class Candidate(Frozen):
    """The installer under test. Equal SHA-256, here and of everything beside it, means equal candidate."""

    path: Path
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0, description="bytes")
    kind: InstallerKind
    version: str
    product_name: str
    product_code: str = ""
    upgrade_code: str = ""
    manufacturer: str = ""
    platform: Platform = Platform.X64
    stopped_on_uninstall: tuple[str, ...] = Field(
        default=(), description="services that the MSI stops on uninstall and waits for"
    )
    signature: Signature
    beside: tuple[BesideFile, ...] = Field(
        default=(), description="what an MSI installs from besides itself; copied along"
    )
    inventory: Inventory | None = Field(
        default=None, description="what it brings along, by kind; null: nobody has read it"
    )
