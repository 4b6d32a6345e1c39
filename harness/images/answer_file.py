"""`autounattend.xml` from a recipe (Microsoft, "Unattended Windows Setup Reference")."""

from collections.abc import Iterable

from lxml import etree

from harness.images.account import Account
from harness.images.recipe import UEFI, Driver, Edition, WindowsRecipe
from harness.images.surface import AnswerChange, SurfaceChange, native

UNATTEND = "urn:schemas-microsoft-com:unattend"
WCM = "http://schemas.microsoft.com/WMIConfig/2002/State"
LETTERS = ("D", "E", "F", "G", "C", "H")
"""Drives that installation media may get; in Windows PE the empty disk has none, so media may begin at C."""
EFI_MB, MSR_MB = 260, 16
FIRST_BOOT = "bvt\\first-boot.ps1"

WINPE_LOCALE = "Microsoft-Windows-International-Core-WinPE"
LOCALE = "Microsoft-Windows-International-Core"
SETUP = "Microsoft-Windows-Setup"
PNP = "Microsoft-Windows-PnpCustomizationsWinPE"
SHELL = "Microsoft-Windows-Shell-Setup"
DEPLOYMENT = "Microsoft-Windows-Deployment"


def answer_file(recipe: WindowsRecipe, edition: Edition, account: Account, index: int) -> bytes:
    """The whole answer file, UTF-8; `index` is that of the image on the medium (`harness.images.choice`)."""
    root = etree.fromstring(f'<unattend xmlns="{UNATTEND}" xmlns:wcm="{WCM}"/>')
    _windows_pe(_pass(root, "windowsPE"), recipe, edition, index)
    _specialize(_pass(root, "specialize"), recipe)
    _oobe_system(_pass(root, "oobeSystem"), recipe, account)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def driver_paths(drivers: Iterable[Driver]) -> list[str]:
    """Where Setup looks for the drivers that it needs: each folder on each drive that may be the virtio ISO."""
    folders = [driver.folder.replace("/", "\\") for driver in drivers if driver.in_setup]
    return [f"{letter}:\\{folder}" for folder in folders for letter in LETTERS]


def first_logon_command() -> str:
    """Finds the script on whichever drive the answer media are, and runs it."""
    letters = ",".join(f"'{letter}'" for letter in LETTERS)
    script = (
        f"foreach ($d in {letters}) {{ $p = $d + ':\\{FIRST_BOOT}'; if (Test-Path $p) {{ & $p; break }} }}"
    )
    return f'powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "{script}"'


def early_commands(changes: Iterable[SurfaceChange]) -> list[str]:
    """The commands of the specialize pass."""
    commands = [native(change) for change in changes if change.early]
    return [f"{command.program} {command.arguments}" for command in commands if command is not None]


def _windows_pe(section: etree._Element, recipe: WindowsRecipe, edition: Edition, index: int) -> None:
    locale = _component(section, WINPE_LOCALE)
    _set(locale, "SetupUILanguage/UILanguage", recipe.language)
    _locales(locale, recipe.language)
    setup = _component(section, SETUP)
    disk = etree.SubElement(_at(setup, "DiskConfiguration"), _tag("Disk"), _added())
    _set(disk, "DiskID", "0")
    _set(disk, "WillWipeDisk", "true")
    if recipe.firmware in UEFI:
        _partitions(disk, [("EFI", EFI_MB, "FAT32"), ("MSR", MSR_MB, None), ("Primary", None, "NTFS")])
    else:
        # One partition: a separate system partition might take the drive letter that the media drive is to have.
        _partitions(disk, [("Primary", None, "NTFS")], active=1)
    _set(setup, "DiskConfiguration/WillShowUI", "OnError")
    image = _at(setup, "ImageInstall/OSImage")
    metadata = etree.SubElement(_at(image, "InstallFrom"), _tag("MetaData"), _added())
    # By index: a name may be translated, or stand on a medium for other editions too.
    _set(metadata, "Key", "/IMAGE/INDEX")
    _set(metadata, "Value", str(index))
    _set(image, "InstallTo/DiskID", "0")
    _set(image, "InstallTo/PartitionID", "3" if recipe.firmware in UEFI else "1")
    _set(image, "WillShowUI", "OnError")
    _set(setup, "UserData/AcceptEula", "true")
    _set(setup, "UserData/FullName", "bvt")
    _set(setup, "UserData/Organization", "bvt")
    if edition.setup_key is not None:
        _set(setup, "UserData/ProductKey/Key", edition.setup_key)
    _set(setup, "UserData/ProductKey/WillShowUI", "OnError" if edition.setup_key else "Never")
    _set(setup, "DynamicUpdate/Enable", "false")
    paths = driver_paths(recipe.drivers)
    if paths:
        drivers = _at(_component(section, PNP), "DriverPaths")
        for number, path in enumerate(paths, start=1):
            attributes = {**_added(), f"{{{WCM}}}keyValue": str(number)}
            entry = etree.SubElement(drivers, _tag("PathAndCredentials"), attributes)
            _set(entry, "Path", path)


def _specialize(section: etree._Element, recipe: WindowsRecipe) -> None:
    _set(_component(section, SHELL), "ComputerName", recipe.computer_name)
    _answers(section, recipe, "specialize")
    commands = early_commands(recipe.surface_changes)
    if commands:
        listing = _at(_component(section, DEPLOYMENT), "RunSynchronous")
        for order, command in enumerate(commands, start=1):
            entry = etree.SubElement(listing, _tag("RunSynchronousCommand"), _added())
            _set(entry, "Order", str(order))
            _set(entry, "Path", command)


def _oobe_system(section: etree._Element, recipe: WindowsRecipe, account: Account) -> None:
    _locales(_component(section, LOCALE), recipe.language)
    shell = _component(section, SHELL)
    _answers(section, recipe, "oobeSystem")
    password = account.password.get_secret_value()
    if recipe.server:  # Setup of a server asks a person for it otherwise
        _password(_at(shell, "UserAccounts/AdministratorPassword"), password)
    local = etree.SubElement(_at(shell, "UserAccounts/LocalAccounts"), _tag("LocalAccount"), _added())
    _password(_at(local, "Password"), password)
    _set(local, "Name", account.username)
    _set(local, "Group", "Administrators")
    _set(shell, "AutoLogon/Enabled", "true")
    _set(shell, "AutoLogon/LogonCount", "1")
    _set(shell, "AutoLogon/Username", account.username)
    _password(_at(shell, "AutoLogon/Password"), password)
    command = etree.SubElement(_at(shell, "FirstLogonCommands"), _tag("SynchronousCommand"), _added())
    _set(command, "Order", "1")
    _set(command, "CommandLine", first_logon_command())


def _answers(section: etree._Element, recipe: WindowsRecipe, during: str) -> None:
    for change in recipe.surface_changes:
        if isinstance(change.value, AnswerChange) and change.value.during == during:
            _set(_component(section, change.value.component), change.value.path, change.value.data)


def _partitions(
    disk: etree._Element, layout: list[tuple[str, int | None, str | None]], active: int | None = None
) -> None:
    create, modify = _at(disk, "CreatePartitions"), _at(disk, "ModifyPartitions")
    for number, (kind, size_mb, file_system) in enumerate(layout, start=1):
        made = etree.SubElement(create, _tag("CreatePartition"), _added())
        _set(made, "Order", str(number))
        _set(made, "Type", kind)
        _set(made, *(("Extend", "true") if size_mb is None else ("Size", str(size_mb))))
        if file_system is not None:
            shaped = etree.SubElement(modify, _tag("ModifyPartition"), _added())
            _set(shaped, "Order", str(len(modify)))
            _set(shaped, "PartitionID", str(number))
            _set(shaped, "Format", file_system)
            _set(shaped, "Label", "Windows" if number == len(layout) else "System")
            if number == len(layout):
                _set(shaped, "Letter", "C")
            if number == active:
                _set(shaped, "Active", "true")


def _locales(component: etree._Element, language: str) -> None:
    for name in ("InputLocale", "SystemLocale", "UILanguage", "UserLocale"):
        _set(component, name, language)


def _password(element: etree._Element, password: str) -> None:
    _set(element, "Value", password)
    _set(element, "PlainText", "true")


def _pass(root: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(root, _tag("settings"), {"pass": name})


def _component(section: etree._Element, name: str) -> etree._Element:
    for component in section:
        if component.get("name") == name:
            return component
    attributes = {
        "name": name,
        "processorArchitecture": "amd64",
        "publicKeyToken": "31bf3856ad364e35",
        "language": "neutral",
        "versionScope": "nonSxS",
    }
    return etree.SubElement(section, _tag("component"), attributes)


def _at(parent: etree._Element, path: str) -> etree._Element:
    """The element at `path` below `parent`, made where it is not there."""
    for name in path.split("/"):
        found = parent.find(_tag(name))
        parent = etree.SubElement(parent, _tag(name)) if found is None else found
    return parent


def _set(parent: etree._Element, path: str, text: str) -> None:
    _at(parent, path).text = text


def _tag(name: str) -> str:
    return f"{{{UNATTEND}}}{name}"


def _added() -> dict[str, str]:
    return {f"{{{WCM}}}action": "add"}
