"""The debugger that Wine starts for a program that crashed: crash.c, which tells who it was. Without it nobody knows."""

from pathlib import Path

from harness.machines.wine_prefix.registry_text import SetValue

CRASH_SOURCE = Path(__file__).with_name("crash.c")
CRASH_PROGRAM = "bvt-crash.exe"
"""In the folder of Windows."""
DEBUGGER = tuple(
    SetValue(
        f"Software\\{view}Microsoft\\Windows NT\\CurrentVersion\\AeDebug",
        "Debugger",
        f"C:\\windows\\{CRASH_PROGRAM} %ld %ld",
    )
    for view in ("", "Wow6432Node\\")
)
"""Edits of `system.reg`. Wine's own debugger takes seconds, and names nobody."""
