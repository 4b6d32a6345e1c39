"""`another-installation`: somebody else's installation holds Windows Installer (error 1618), and ends after a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.lifecycle.timeline import Timeline

HOLDS_S = 20
START_S = 30
HOLD = (
    "$held = New-Object Threading.Mutex($true, 'Global\\_MSIExecute'); "
    f"Start-Sleep {HOLDS_S}; $held.ReleaseMutex()"
)
"""Microsoft, "_MSIExecute Mutex": the installer holds it while it works, and whoever comes meanwhile ends with 1618."""


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Hold it. The harness waits for its turn, within the profile's deadline; one that does not end is the lab's."""
    held = ["cmd", "/c", "start", "/b", "powershell", "-NoProfile", "-Command", HOLD]
    timeline.session.guest.run(held, timeout_s=START_S)
    yield
