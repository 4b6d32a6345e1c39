"""Recipes of Windows images, typed. A recipe names groups of changes; loading it writes them out."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import Field, model_validator

from harness.documents.problem import Problem, nearest
from harness.documents.yaml_document import Document, load_document
from harness.images.surface import SurfaceChange
from harness.machines.libvirt.image.manifest import DiskBus, Firmware, Hardware
from harness.machines.libvirt.image.recipe import RECIPES, digest_of, recipe_directory
from harness.model.base import Frozen
from harness.model.errors import ConfigurationError
from harness.model.windows import WindowsVersion

SHARED = "_windows"
RECIPE = "recipe.yaml"
DESCRIBED_IN = "docs/images.md"
UEFI = (Firmware.UEFI, Firmware.UEFI_SECURE)
NEW_SETUP_BUILD = 26100
"""From this build on Setup does not load storage drivers from an answer file by itself (virtio-win issue 1100)."""


class Edition(Frozen):
    """One image of the installation medium."""

    image_name: str = Field(description="NAME or DISPLAYNAME in install.wim", min_length=4)
    edition_id: str = Field(description="EDITIONID in install.wim", pattern="^[A-Za-z]+$")
    setup_key: str | None = Field(
        default=None,
        pattern="^([A-Z0-9]{5}-){4}[A-Z0-9]{5}$",
        description="the public KMS client key, where Setup asks for one (Microsoft, "
        '"Key Management Services client activation and product keys"); it activates nothing',
    )


class MediumBuild(Frozen):
    """A build that the image on a medium may state, where it is not the installed one.

    Some releases are enablement packages over an earlier one: their media state the base build, and the installed
    system another (Microsoft, "Windows 10 release information", "Windows 11 release information").
    """

    build: int = Field(ge=2600)
    from_revision: int = Field(
        default=0, ge=0, description="the release's first public one; media below it hold an earlier release"
    )


class Driver(Frozen):
    """One driver on the virtio ISO."""

    name: str
    folder: str = Field(pattern="^[A-Za-z0-9]+(/[A-Za-z0-9.]+)+$", description="as on the ISO, with /")
    inf: str = Field(pattern=r"^[a-z0-9]+\.inf$")
    in_setup: bool = Field(default=False, description="Setup needs it to see the disk")
    optional: bool = Field(
        default=False, description="left out where the ISO has none that this Windows loads"
    )

    @property
    def catalogue(self) -> PurePosixPath:
        """The file with its signature, beside the .inf."""
        return self.file.with_suffix(".cat")

    @property
    def file(self) -> PurePosixPath:
        """The .inf file's path on the ISO."""
        return PurePosixPath(self.folder, self.inf)


class WindowsRecipe(Frozen):
    """`vm_images/<name>/recipe.yaml`, its groups of changes written out."""

    name: str = Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")
    version: WindowsVersion
    legacy: bool = False
    media_builds: tuple[MediumBuild, ...] = Field(
        default=(), description="builds that a medium may state beside the installed one"
    )
    language: str = Field(default="en-US", description="of the installation medium")
    editions: dict[str, Edition] = Field(min_length=1)
    default_edition: str
    machine: str = Field(pattern="^(pc|q35)$")
    firmware: Firmware
    tpm: bool = False
    disk_bus: DiskBus
    disk_gb: int = Field(ge=32)
    memory_mb: int = Field(ge=2048)
    cpus: int = Field(ge=1)
    computer_name: str = Field(pattern="^[A-Z][A-Z0-9-]{0,13}[A-Z0-9]$", description="at most 15 characters")
    drivers: tuple[Driver, ...] = Field(min_length=1)
    guest_agent: str = "guest-agent/qemu-ga-x86_64.msi"
    needs_on_medium: tuple[str, ...] = Field(
        default=(), description="updates that the medium must contain; said before it is built"
    )
    surface_changes: tuple[SurfaceChange, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _coherent(self) -> "WindowsRecipe":
        if self.default_edition not in self.editions:
            raise ValueError(f"default_edition {self.default_edition!r} is not among the editions")
        if self.firmware is Firmware.KERNEL:
            raise ValueError("Windows starts by BIOS or UEFI")
        if self.firmware is Firmware.UEFI_SECURE and self.machine != "q35":
            raise ValueError("Secure Boot needs machine q35")
        storage = [driver for driver in self.drivers if driver.in_setup]
        if (self.disk_bus is DiskBus.VIRTIO) != bool(storage):
            raise ValueError("a virtio disk needs a driver with in_setup, and no other disk has one")
        if any(driver.optional for driver in storage):
            raise ValueError("a driver that Setup needs cannot be optional")
        if self.build >= NEW_SETUP_BUILD and storage:
            raise ValueError(
                f"Setup of build {self.build} loads no storage drivers unattended: use disk_bus sata"
            )
        if self.needs_windows_11 and not (self.tpm and self.firmware is Firmware.UEFI_SECURE):
            raise ValueError("Windows 11 needs UEFI with Secure Boot and a TPM 2.0")
        return self

    @property
    def build(self) -> int:
        """The build that the installed system must have."""
        return self.version.build

    @property
    def builds_on_media(self) -> tuple[MediumBuild, ...]:
        """What an image on a medium may state; the strict check is that of the installed disk."""
        return (MediumBuild(build=self.build), *self.media_builds)

    @property
    def needs_windows_11(self) -> bool:
        """True for a client from build 22000 on."""
        return self.build >= 22000 and not self.server

    @property
    def server(self) -> bool:
        """True for a server edition."""
        return self.version.product_type != "WinNT"

    @property
    def hardware(self) -> Hardware:
        """The machine that the image runs in, during its installation and after."""
        return Hardware(
            machine=self.machine,
            firmware=self.firmware,
            tpm=self.tpm,
            disk_bus=self.disk_bus,
            panic_model="hyperv",
            minimum_memory_mb=2048,
        )

    def without(self, drivers: Collection[Driver]) -> "WindowsRecipe":
        """The same recipe without these drivers."""
        left = tuple(driver for driver in self.drivers if driver not in drivers)
        return self.model_copy(update={"drivers": left}) if drivers else self

    @property
    def keyless(self) -> tuple[str, ...]:
        """The editions that are installed without a key: evaluations."""
        return tuple(name for name, edition in self.editions.items() if edition.setup_key is None)

    def edition(self, name: str | None) -> Edition:
        """The edition of that name, the default for None. Raises `ConfigurationError`."""
        chosen = name or self.default_edition
        if chosen not in self.editions:
            known = ", ".join(self.editions)
            raise ConfigurationError(
                f"image {self.name} has no edition '{chosen}' (there: {known}).", key="--edition"
            )
        return self.editions[chosen]

    @property
    def digest(self) -> str:
        """SHA-256 over the recipe as it is written out and the templates that turn it into files."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return digest_of(text, files=[template_directory(), *_renderers()])


def _renderers() -> list[Path]:
    here = Path(__file__).parent
    return [here / name for name in ("answer_file.py", "first_boot.py", "surface.py", "media_tree.py")]


def template_directory() -> Path:
    """Templates and groups of changes that the Windows images share."""
    return RECIPES / SHARED


def windows_recipes() -> list[str]:
    """The names of all Windows recipes."""
    return sorted(path.parent.name for path in RECIPES.glob(f"*/{RECIPE}") if _is_windows(path))


def _is_windows(path: Path) -> bool:
    return "default_edition" in path.read_text()


def load_windows(name: str) -> WindowsRecipe:
    """Read a recipe with its groups. Raises `ConfigurationError` naming the file, the line and the key."""
    document = load_document(recipe_directory(name) / RECIPE, described_in=DESCRIBED_IN)
    groups = load_document(template_directory() / "surface.yaml", described_in=DESCRIBED_IN)
    return resolve(document, groups.data)


def resolve(document: Document, groups: Mapping[str, Any]) -> WindowsRecipe:
    """A recipe from its parsed document, `surface` replaced by the groups' entries, own entries last."""
    named = document.data.pop("surface", None) or ()
    own = document.data.get("surface_changes") or ()
    entries: list[Any] = []
    for group in named:
        if group not in groups:
            message = f"there is no group of changes {group!r}."
            raise document.error([Problem(("surface",), message, nearest(str(group), list(groups)))])
        entries += groups[group]
    document.data["surface_changes"] = [*entries, *own]
    return document.read_as(WindowsRecipe)
