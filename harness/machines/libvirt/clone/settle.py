"""Makes a booted guest warm and quiet, so that it can be frozen as a template."""

import libvirt

from harness.machines.libvirt.host.qmp import run_in_guest
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError
from harness.model.substrate import GuestSystem

POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
LOOK_EVERY_S = 2.0
# WMI's own cmdlet: Windows 7 has no Get-CimInstance. The busy start of Windows ends in minutes, not at a fixed time.
WINDOWS_SCRIPT = """
$ErrorActionPreference = 'Stop'
while ((Get-Service WinRM).Status -ne 'Running') { Start-Sleep 1 }
$quiet = 0
while ($quiet -lt ROUNDS) {
  $cpu = Get-WmiObject Win32_PerfFormattedData_PerfOS_Processor -Filter "Name='_Total'"
  if ($cpu.PercentIdleTime -ge 85) { $quiet++ } else { $quiet = 0 }
  Start-Sleep 2
}
"""


def settle(
    domain: libvirt.virDomain, system: GuestSystem, deadline: Deadline, *, quiet_s: float = 10
) -> None:
    """Return when the guest is up, warm and idle. Raises `InfrastructureError`, `DeadlineExceeded`, `libvirtError`.

    On Windows: WinRM runs and the processors were idle for `quiet_s`. On wine-guest its own script knows.
    """
    if system is GuestSystem.WINE:
        ended = run_in_guest(domain, "/usr/lib/bvt/settle", deadline=deadline)
    else:
        rounds = WINDOWS_SCRIPT.replace("ROUNDS", str(max(1, round(quiet_s / LOOK_EVERY_S))))
        script = ["-NoProfile", "-NonInteractive", "-Command", rounds]
        ended = run_in_guest(domain, POWERSHELL, *script, deadline=deadline)
    if ended.exit_code != 0:
        raise InfrastructureError(f"The guest did not settle: {ended.errors[-300:]}")
