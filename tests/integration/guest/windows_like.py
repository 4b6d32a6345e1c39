"""How a WinRM server of the tests behaves: like an old and narrow Windows, or as this project's machines have it."""

from typing import Any

LIMITS: dict[str, float] = {
    "max_shells_per_user": 5,
    "max_processes_per_shell": 15,
    "max_operations_per_user": 15,
    "max_envelope_size": 150 * 1024,
}
"""The quotas of Windows 7 and Server 2008 R2 (`winrm get winrm/config`), the narrowest that a guest may have."""


def like_windows(configuration: dict[str, Any]) -> dict[str, Any]:
    """The same server as Windows from Server 2012 R2 on runs commands (`cmd /c` always), with those quotas."""
    limits = {**LIMITS, **configuration.get("limits", {})}
    return {**configuration, "honours_skip_cmd_shell": False, "limits": limits}
