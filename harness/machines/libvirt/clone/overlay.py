"""Overlay disks."""

from pathlib import Path

from harness.machines.libvirt.host.programs import run


def make_overlay(backing: Path, target: Path) -> None:
    """A qcow2 file that holds only what differs from `backing`. Raises `InfrastructureError`."""
    command: list[str | Path] = [
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-F",
        "qcow2",
        "-b",
        backing,
        target,
    ]
    run(command, what=f"The overlay over {backing} was not made", deadline_s=60)
