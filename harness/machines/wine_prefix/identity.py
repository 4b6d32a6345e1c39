"""Which registry values make a clone the Windows version, and the one computer, that its cell asks for.

Sources: ntdll/version.c of Wine 8.0 (`get_nt_registry_version` decides what RtlGetVersion and `ver` answer)
and real Windows for the values that only agents read.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from harness.machines.wine_prefix.registry_text import DeleteValue, RegistryEdit, SetValue
from harness.model.windows import ProductType, WindowsVersion

CURRENT_VERSION = "Software\\Microsoft\\Windows NT\\CurrentVersion"
CONTROL = "System\\CurrentControlSet\\Control"
PRODUCT_OPTIONS = "System\\CurrentControlSet\\Control\\ProductOptions"
WINDOWS = "System\\CurrentControlSet\\Control\\Windows"
COMPUTER_NAME = "System\\CurrentControlSet\\Control\\ComputerName\\ComputerName"
TCPIP = "System\\CurrentControlSet\\Services\\Tcpip\\Parameters"
CRYPTOGRAPHY = "Software\\Microsoft\\Cryptography"
DRIVES = "Software\\Wine\\Drives"
WINE = "Software\\Wine"
DLL_OVERRIDES = "Software\\Wine\\DllOverrides"
WINE_NETWORK = "Software\\Wine\\Network"

_SERVICE_PACKS = {(6, 1, 7601): ("Service Pack 1", 0x100)}


@dataclass(frozen=True)
class Identity:
    """What tells one computer from the next."""

    hostname: str
    machine_guid: str

    @classmethod
    def new(cls, machine_id: str) -> "Identity":
        """A host name of at most 15 characters (NetBIOS) from the machine's id, and a new GUID."""
        return cls(hostname=machine_id.upper()[:15].rstrip("-"), machine_guid=str(uuid.uuid4()))


def system_edits(windows: WindowsVersion, identity: Identity) -> Sequence[RegistryEdit]:
    """Edits for `system.reg` (HKEY_LOCAL_MACHINE)."""
    build = str(windows.build)
    modern = windows.major >= 10
    pack, pack_number = _SERVICE_PACKS.get((windows.major, windows.minor, windows.build), ("", 0))
    edits: list[RegistryEdit] = [
        # Windows 10 and later say 6.3 here, for old programs; Wine 8.0 reads nothing else, so it must be true.
        SetValue(CURRENT_VERSION, "CurrentVersion", f"{windows.major}.{windows.minor}"),
        SetValue(CURRENT_VERSION, "CurrentBuild", build),
        SetValue(CURRENT_VERSION, "CurrentBuildNumber", build),
        SetValue(CURRENT_VERSION, "ProductName", windows.product_name),
        SetValue(
            CURRENT_VERSION,
            "InstallationType",
            "Client" if windows.product_type is ProductType.WORKSTATION else "Server",
        ),
        SetValue(PRODUCT_OPTIONS, "ProductType", windows.product_type.value),
        SetValue(WINDOWS, "CSDVersion", pack_number),
        SetValue(COMPUTER_NAME, "ComputerName", identity.hostname),
        SetValue(TCPIP, "Hostname", identity.hostname),
        SetValue(CRYPTOGRAPHY, "MachineGuid", identity.machine_guid),
    ]
    optional: dict[str, str | int | None] = {
        "CSDVersion": pack or None,
        "DisplayVersion": windows.display_version or None,
        "CurrentMajorVersionNumber": windows.major if modern else None,
        "CurrentMinorVersionNumber": windows.minor if modern else None,
    }
    for name, data in optional.items():
        edits.append(
            DeleteValue(CURRENT_VERSION, name) if data is None else SetValue(CURRENT_VERSION, name, data)
        )
    return edits


WINEBOOT_PROGRAM = "wineboot.exe"
"""Wine's own program that boots a system, beside the drives of the prefix; session.c lies in its place."""
WINEBOOT_IS_OURS = SetValue(DLL_OVERRIDES, "wineboot.exe", "native,builtin")
"""Lets session.c, in wineboot's place, be what boots; Wine's own is built in wherever it lies."""


def patience_of_services(slowness: float = 1.0) -> RegistryEdit:
    """The edit of `system.reg` that gives a started service 30 s to report to its manager, as on Windows.

    Wine's manager gives it 10 s and reads the value as text (programs/services/services.c of Wine 8.0 and 10.0).
    `slowness`: of the processor.
    """
    return SetValue(CONTROL, "ServicesPipeTimeout", str(int(30_000 * slowness)))


def media_edit(drive: str) -> RegistryEdit:
    """The edit of `system.reg` that makes a drive letter, e.g. `d:`, the media drive."""
    return SetValue(DRIVES, drive.lower(), "cdrom")


def user_edits(identity: Identity) -> Sequence[RegistryEdit]:
    """Edits for `user.reg` (HKEY_CURRENT_USER): no `winecfg` version may overrule the machine's own."""
    return (
        DeleteValue(WINE, "Version"),
        SetValue(WINE_NETWORK, "UseDnsComputerName", "N"),
        SetValue(WINE_NETWORK, "ComputerName", identity.hostname),
        SetValue(DLL_OVERRIDES, "shutdown.exe", "native"),  # ours (power.c), not Wine's stub
        WINEBOOT_IS_OURS,
    )
