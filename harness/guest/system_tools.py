r"""The system's own programs, by their absolute paths: a candidate may ruin PATH, PATHEXT or ComSpec for everybody.

Windows is in `C:\Windows` on every image here (harness/images/answer_file.py installs it there; Wine has no other).
Commands are started by a program of the system's own word size: a WinRM shell's host on Windows, the 64-bit probe on
Wine. So `System32` means what it says, and `Sysnative`, which only a 32-bit program sees, is not needed.
"""

SYSTEM_ROOT = "C:\\Windows"
SYSTEM32 = f"{SYSTEM_ROOT}\\System32"

CMD = f"{SYSTEM32}\\cmd.exe"
MSIEXEC = f"{SYSTEM32}\\msiexec.exe"
PING = f"{SYSTEM32}\\ping.exe"
REG = f"{SYSTEM32}\\reg.exe"
SC = f"{SYSTEM32}\\sc.exe"
SHUTDOWN = f"{SYSTEM32}\\shutdown.exe"
WEVTUTIL = f"{SYSTEM32}\\wevtutil.exe"

WATCHED = (
    *(CMD, MSIEXEC, PING, REG, SC, SHUTDOWN, WEVTUTIL),
    *(f"{SYSTEM32}\\{name}.exe" for name in ("net", "netsh", "schtasks", "services", "svchost", "rundll32")),
)
"""What no product may replace or delete; programs that a system does not have are no loss."""
