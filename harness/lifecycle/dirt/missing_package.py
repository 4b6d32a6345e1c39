"""`missing-package`: the installer's own copy of the package is gone, as after a clean-up (error 1612)."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.cell.check import NotApplicable
from harness.lifecycle.dirt.ghost_product import packed
from harness.lifecycle.timeline import Timeline
from harness.model.candidate import InstallerKind
from harness.model.errors import GuestFault

USER_DATA = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Installer\\UserData\\S-1-5-18\\Products"


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Delete it. The package itself still lies where it was installed from. Raises `GuestFault` if there is none."""
    session = timeline.session
    if session.candidate.kind is not InstallerKind.MSI:
        raise NotApplicable("of an EXE installer no package is kept")
    key = f"{USER_DATA}\\{packed(timeline.on_machine.product_code)}\\InstallProperties"
    value = session.guest.registry.value(key, "LocalPackage")
    if value is None or not session.guest.delete(str(value.data)):
        raise GuestFault(f"Windows Installer keeps no package of {timeline.on_machine.product_code}.")
    session.note("deleted from the installer's cache", value.data)
    yield
