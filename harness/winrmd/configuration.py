"""The server's own settings, as clients read them."""

from collections.abc import Mapping

from . import namespaces as ns
from .config import Limits


def configuration_of(limits: Limits) -> str:
    """The part of winrm/config that clients read (MS-WSMV 2.2.4.10): sizes, times and quotas."""
    quotas = {
        "MaxConcurrentOperationsPerUser": limits.max_operations_per_user,
        "MaxConnections": limits.max_connections,
    }
    shells = {
        "IdleTimeout": round(limits.idle_timeout_s * 1000),
        "MaxProcessesPerShell": limits.max_processes_per_shell,
        "MaxShellsPerUser": limits.max_shells_per_user,
    }
    return (
        f'<cfg:Config xmlns:cfg="{ns.CONFIG}">'
        f"<cfg:MaxEnvelopeSizekb>{limits.max_envelope_size // 1024}</cfg:MaxEnvelopeSizekb>"
        f"<cfg:MaxTimeoutms>{limits.operation_timeout_s * 1000:.0f}</cfg:MaxTimeoutms>"
        f"<cfg:Service>{_elements(quotas)}</cfg:Service><cfg:Winrs>{_elements(shells)}</cfg:Winrs></cfg:Config>"
    )


def _elements(values: Mapping[str, int]) -> str:
    return "".join(f"<cfg:{name}>{value}</cfg:{name}>" for name, value in values.items())
