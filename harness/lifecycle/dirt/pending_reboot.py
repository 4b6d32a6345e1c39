"""`pending-reboot`: another product waits for the next boot to put its new file in the old one's place."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.guest.system_tools import REG
from harness.lifecycle.timeline import Timeline
from harness.model.errors import GuestFault
from harness.residue.snapshot import NEIGHBOUR_DIR

COMMAND_S = 30
KEY = "HKLM\\System\\CurrentControlSet\\Control\\Session Manager"
NEW, OLD = f"{NEIGHBOUR_DIR}\\new.dll", f"{NEIGHBOUR_DIR}\\old.dll"


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Write both files and the pending rename. Raises `GuestFault` if the guest refuses."""
    guest = timeline.session.guest
    guest.write_file(NEW, b"the new one")
    guest.write_file(OLD, b"the old one")
    rename = f"\\??\\{NEW}\\0!\\??\\{OLD}"
    command = [REG, "add", KEY, "/v", "PendingFileRenameOperations", "/t", "REG_MULTI_SZ", "/d", rename, "/f"]
    done = guest.run(command, timeout_s=COMMAND_S)
    if not done.ok:
        raise GuestFault(f"A pending rename could not be made: reg add ended with {done.exit_code}.")
    yield
