"""The media drive: a host directory as an ISO image, which the machine has in its CD-ROM drive."""

from pathlib import Path

from harness.machines.libvirt.host.programs import run
from harness.model.errors import ConfigurationError

LABEL = "BVT"
BUILD_DEADLINE_S = 120.0


def build_iso(directory: Path, target: Path) -> None:
    """Write `directory` as an ISO 9660 image with long names (Joliet for Windows, Rock Ridge for Linux).

    Raises `ConfigurationError` if there is no such directory, `InfrastructureError` if xorriso fails.
    """
    if not directory.is_dir():
        raise ConfigurationError(f"the media directory {directory} does not exist.", key="media")
    run(
        [
            "xorriso",
            "-as",
            "mkisofs",
            "-quiet",
            "-V",
            LABEL,
            "-r",
            "-J",
            "-joliet-long",
            "-o",
            target,
            directory,
        ],
        what=f"The media drive could not be made from {directory}",
        deadline_s=BUILD_DEADLINE_S,
    )
