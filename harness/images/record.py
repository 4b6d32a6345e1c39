"""The manifest of a Windows image: what was installed, from what, with which changes. And images made elsewhere."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field

from harness.documents.yaml_document import load_document
from harness.images.marker import FirstBoot
from harness.images.probe_signer import ProbeSigner
from harness.images.recipe import WindowsRecipe
from harness.images.wim import Medium, WimImage
from harness.machines.libvirt.image.manifest import Hardware, ImageManifest, WinRMEndpoint
from harness.machines.libvirt.image.recipe import digest_of
from harness.machines.libvirt.image.seal import FileSeal
from harness.model.base import Frozen
from harness.model.substrate import GuestSystem

WINRM_PORT = 5986
DISK, CERTIFICATE = "disk.qcow2", "ca.pem"
PROBE_SIGNER = "probe_signer"
"""The fact that names, by SHA-256, the certificate which the image trusts as the probe's publisher."""


def windows_manifest(
    recipe: WindowsRecipe,
    edition: str,
    said: FirstBoot,
    media: Mapping[str, Medium],
    chosen: WimImage,
    files: dict[str, FileSeal],
    username: str,
    substrate: str,
    signer: ProbeSigner,
) -> ImageManifest:
    """What `manifest.json` says of a built image."""
    facts = {
        "installed_on": substrate,
        "edition": edition,
        "image": f"{chosen.index} {chosen.name} {chosen.build}.{chosen.revision}",
        **{name: value for name, value in said.facts.items() if value},
        **{f"{name}_sha256": medium.sha256 for name, medium in media.items()},
        PROBE_SIGNER: signer.fingerprint,
    }
    return ImageManifest(
        name=recipe.name,
        guest_system=GuestSystem.WINDOWS,
        recipe_digest=recipe.digest,
        built=datetime.now(UTC),
        disk=DISK,
        files=files,
        hardware=recipe.hardware,
        winrm=WinRMEndpoint(
            port=WINRM_PORT, username=username, tls=True, server_name=recipe.computer_name, auth="ntlm"
        ),
        facts=facts,
        changes=tuple(change.sentence for change in recipe.surface_changes),
    )


class ImportDescription(Frozen):
    """What its owner says of a disk that was made elsewhere (`bvt image import --manifest FILE`)."""

    guest_system: GuestSystem = GuestSystem.WINDOWS
    hardware: Hardware
    winrm: WinRMEndpoint
    media_root: str = "D:\\"
    facts: dict[str, str] = Field(default_factory=dict)
    changes: tuple[str, ...] = Field(
        min_length=1, description="differences from a plain installation, a sentence each"
    )


def read_import(path: Path) -> ImportDescription | ImageManifest:
    """A description, or the manifest of an image that another store sealed. Raises `ConfigurationError`."""
    document = load_document(path, described_in="docs/images.md")
    if "recipe_digest" in document.data:
        return document.read_as(ImageManifest)
    return document.read_as(ImportDescription)


def imported_manifest(name: str, said: ImportDescription, files: dict[str, FileSeal]) -> ImageManifest:
    """The manifest of a disk made elsewhere; its description stands for the recipe."""
    return ImageManifest(
        name=name,
        recipe_digest=digest_of("import", said.model_dump_json()),
        built=datetime.now(UTC),
        disk=DISK,
        files=files,
        **dict(said),
    )
