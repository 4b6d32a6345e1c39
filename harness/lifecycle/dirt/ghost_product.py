"""`ghost-product`: Windows Installer still knows a product of the same UpgradeCode; its package and files are gone."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.cell.check import NotApplicable
from harness.guest.system_tools import REG
from harness.lifecycle.timeline import Timeline
from harness.model.errors import GuestFault

COMMAND_S = 30
FILE = "C:\\bvt\\ghost.reg"
PRODUCT = "{6B767421-6F4C-4D0E-9E8B-0B565447B001}"
PACKAGE = "{6B767421-6F4C-4D0E-9E8B-0B565447B002}"
VERSION = 0x00050000
"""0.5.0 as the installer stores it: eight bits, eight bits, sixteen bits."""
_INSTALLER = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer"
_CLASSES = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes\\Installer"


def packed(guid: str) -> str:
    """A GUID as Windows Installer writes it in names of keys: each part backwards, pairwise from the fourth on."""
    one, two, three, *rest = guid.strip("{}").upper().split("-")
    pairs = "".join(rest)
    swapped = "".join(pairs[at + 1] + pairs[at] for at in range(0, len(pairs), 2))
    return one[::-1] + two[::-1] + three[::-1] + swapped


def registration(upgrade_code: str, name: str, folder: str) -> str:
    """What `reg import` reads: the product as an installation for all users registers it."""
    product, upgrade = packed(PRODUCT), packed(upgrade_code)
    source = folder.replace("\\", "\\\\")
    keys = {
        f"{_CLASSES}\\UpgradeCodes\\{upgrade}": [f'"{product}"=""'],
        f"{_INSTALLER}\\UpgradeCodes\\{upgrade}": [f'"{product}"=""'],
        f"{_CLASSES}\\Products\\{product}": [
            f'"ProductName"="{name}"',
            f'"PackageCode"="{packed(PACKAGE)}"',
            '"Language"=dword:00000409',
            f'"Version"=dword:{VERSION:08x}',
            '"Assignment"=dword:00000001',
            '"InstanceType"=dword:00000000',
        ],
        f"{_CLASSES}\\Products\\{product}\\SourceList": [
            '"PackageName"="gone.msi"',
            f'"LastUsedSource"="n;1;{source}"',
        ],
        f"{_CLASSES}\\Products\\{product}\\SourceList\\Net": [f'"1"="{source}"'],
        f"{_INSTALLER}\\UserData\\S-1-5-18\\Products\\{product}\\InstallProperties": [
            f'"DisplayName"="{name}"',
            '"DisplayVersion"="0.5.0"',
            f'"Version"=dword:{VERSION:08x}',
            '"Language"=dword:00000409',
            '"WindowsInstaller"=dword:00000001',
            '"LocalPackage"="C:\\\\Windows\\\\Installer\\\\gone.msi"',
        ],
    }
    body = "".join(
        f"[{key}]\r\n" + "".join(f"{line}\r\n" for line in lines) + "\r\n" for key, lines in keys.items()
    )
    return f"Windows Registry Editor Version 5.00\r\n\r\n{body}"


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Register it. Raises `NotApplicable` for an EXE installer, `GuestFault` if the guest refuses."""
    session = timeline.session
    if not session.candidate.upgrade_code:
        raise NotApplicable("an installer without an UpgradeCode has no product that it could find of it")
    text = registration(session.candidate.upgrade_code, session.profile.product_name, "C:\\bvt-gone\\")
    session.guest.write_file(FILE, text.encode("utf-16"))
    done = session.guest.run([REG, "import", FILE], timeout_s=COMMAND_S)
    session.guest.delete(FILE)
    if not done.ok:
        raise GuestFault(
            f"The ghost product could not be registered: reg import ended with {done.exit_code}."
        )
    yield
