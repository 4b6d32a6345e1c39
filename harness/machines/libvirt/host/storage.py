"""Free space where overlays are written: a machine is not begun that would fill the disk in mid-run."""

from collections.abc import Iterable
from pathlib import Path

from harness.machines.intent import Intent


def shortage(storage: Path, free: int, reserve_mb: int, intents: Iterable[Intent]) -> str:
    """Why the disk has no room for one more machine; empty if it has.

    A machine that is still being made has not yet written what it will write, so it counts too.
    """
    being_made = sum(
        intent.provider == "libvirt" and "domain" in intent.resources and not intent.resources.get("ready")
        for intent in intents
    )
    needed = reserve_mb * (1 + being_made)
    if free >= needed:
        return ""
    others = f" and {being_made} that are being made" if being_made else ""
    return f"{storage} has {free} MiB free, and a machine{others} may need {needed} MiB (disk_reserve_mb)."
