"""Which Windows was really installed: read from the sealed disk's own registry, else taken from the guest's word."""

from pathlib import Path

from harness.images.marker import FirstBoot
from harness.images.recipe import WindowsRecipe
from harness.model.errors import HarnessError, InfrastructureError
from harness.offline.disk import open_disk
from harness.offline.hive import open_hive

SOFTWARE = r"C:\Windows\System32\config\SOFTWARE"
CURRENT_VERSION = r"Microsoft\Windows NT\CurrentVersion"
NAMES = {"build": "CurrentBuildNumber", "ubr": "UBR", "edition": "EditionID", "product": "ProductName"}


def read_installed(disk: Path) -> dict[str, str]:
    """Build, revision, edition and name from a stopped disk. Raises what `harness.offline` raises."""
    with open_disk(disk) as opened:
        hive = open_hive(opened, SOFTWARE)
        found = {fact: hive.value(CURRENT_VERSION, name) for fact, name in NAMES.items()}
    return {fact: str(value) for fact, value in found.items() if value is not None}


def confirmed(recipe: WindowsRecipe, said: FirstBoot, disk: Path) -> FirstBoot:
    """What the guest said, corrected by its disk. Raises `InfrastructureError` for another build than the recipe's."""
    try:
        facts = {**said.facts, **read_installed(disk), "read_from": "disk"}
    except HarnessError as error:
        facts = {**said.facts, "read_from": "guest", "disk_not_read": str(error)}
    if facts.get("build") != str(recipe.build):
        raise InfrastructureError(
            f"The installed guest is build {facts.get('build', 'unknown')}, but image {recipe.name} is build "
            f"{recipe.build}.",
            hint="The medium holds an earlier release on the same base. Take the medium of this one."
            if facts.get("build") in {str(carried.build) for carried in recipe.media_builds}
            else "Take the medium of that version, or the recipe of this one.",
        )
    return said.model_copy(update={"facts": facts})
