"""The virtio ISO: whether it has the drivers that a recipe needs, signed so that its Windows loads them."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from harness.files import named_file
from harness.images.catalogue import objection, read_signer
from harness.images.media_tree import DEADLINE_S, files_on
from harness.images.recipe import Driver, WindowsRecipe
from harness.machines.libvirt.host.programs import run
from harness.machines.libvirt.image.manifest import Firmware
from harness.machines.provider import Progress
from harness.model.errors import ConfigurationError, InfrastructureError

OPTION = "--virtio-iso"


def fitted(recipe: WindowsRecipe, iso: Path, progress: Progress) -> WindowsRecipe:
    """The recipe without those optional drivers that the ISO has not, or not signed as its Windows needs them.

    Raises `ConfigurationError` before anything is started if the guest agent or another driver is missing, or its
    catalogue has a signature that this Windows does not take.
    """
    named_file(iso, OPTION)
    try:
        there = files_on(iso)
    except InfrastructureError as error:
        raise ConfigurationError(f"is not an ISO image: {error}", file=str(iso), key=OPTION) from error
    lacking = {
        driver
        for driver in recipe.drivers
        if not {str(driver.file).lower(), str(driver.catalogue).lower()} <= there
    }
    _refuse_missing(recipe, lacking, there, iso)
    wrong = _objections(recipe, [driver for driver in recipe.drivers if driver not in lacking], iso)
    needed = [words for driver, words in wrong.items() if not driver.optional]
    if needed:
        raise ConfigurationError(
            f"has drivers that {recipe.name} would not load: {'; '.join(needed)}.",
            file=str(iso),
            key=OPTION,
            hint="Take another release of the virtio-win ISO: for 8.1 and 2012 R2 one up to 0.1.215.",
        )
    for driver in sorted(lacking | wrong.keys(), key=lambda driver: driver.name):
        why = wrong.get(driver, f"{driver.file} is not on {iso.name}")
        progress(f"{recipe.name}: driver {driver.name} is left out: {why}")
    return recipe.without(lacking | wrong.keys())


def _refuse_missing(recipe: WindowsRecipe, lacking: set[Driver], there: set[str], iso: Path) -> None:
    wanted = [recipe.guest_agent]
    for driver in recipe.drivers:
        if driver in lacking and not driver.optional:
            wanted += [str(driver.file), str(driver.catalogue)]
    missing = [name for name in wanted if name.lower() not in there]
    if missing:
        raise ConfigurationError(
            f"lacks {', '.join(missing)}, which image {recipe.name} needs.",
            file=str(iso),
            key=OPTION,
            hint="Take another release of the virtio-win ISO; old Windows versions are dropped from newer ones.",
        )


def _objections(recipe: WindowsRecipe, drivers: Iterable[Driver], iso: Path) -> dict[Driver, str]:
    """By driver: why the recipe's Windows would not load it."""
    drivers = list(drivers)
    with tempfile.TemporaryDirectory(prefix="bvt-media-") as directory:
        root = Path(directory)
        command: list[str | Path] = ["xorriso", "-osirrox", "on", "-indev", iso]
        for driver in drivers:
            command += ["-extract", f"/{driver.catalogue}", root / f"{driver.name}.cat"]
        run(command, what=f"The catalogues on {iso} cannot be read", deadline_s=DEADLINE_S)
        signers = {driver: read_signer((root / f"{driver.name}.cat").read_bytes()) for driver in drivers}
    secure_boot = recipe.firmware is Firmware.UEFI_SECURE
    found = {
        driver: (signer, objection(signer, recipe.build, secure_boot=secure_boot))
        for driver, signer in signers.items()
    }
    return {
        driver: f"{driver.catalogue} has {signer}, and {why}"
        for driver, (signer, why) in found.items()
        if why
    }
