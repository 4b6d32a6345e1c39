"""Services as the tables make them, where only Windows shows what that does.

Sources: "ServiceInstall table", "MsiServiceConfigFailureActions table", "CreateProcessW function".
"""

import re
from collections.abc import Iterator

from harness.candidate.msi_folders import SYSTEM_FOLDERS
from harness.model.image_path import may_start_another
from harness.rules.access import sets_access_lists
from harness.rules.rule import Broken, Group, Msi, Severity, bits, rule
from harness.rules.windows_services import OF_WINDOWS

ACTIONS = {"0": "none", "1": "restart", "2": "reboot", "3": "run"}
"""SC_ACTION_TYPE, as the profile names them."""
OF_OTHERS = ("ServiceConfig", "Wix4ServiceConfig", "Wix5ServiceConfig")
"""Tables by which builders' own custom actions do the same."""
AT_INSTALL = 1
"""The bit of MsiServiceConfigFailureActions' Event; others are for the uninstall and for a repair."""
REBOOTS = "2"
CRITICAL = 3
"""ErrorControl without its bit 0x8000, which only says that the installation fails with the service."""
INTERACTIVE = 0x100
TAKES = {2: "stops", 8: "deletes", 32: "stops on uninstall", 128: "deletes on uninstall"}
"""Bits of ServiceControl's Event by which a service is no longer what it was."""
DELETES = 128
"""The bit of ServiceControl's Event without which a service outlives its product: DeleteServices stops it, too."""
OPEN = re.compile(
    r"c:\\(?:programdata|users|windows\\(?:temp|tasks))\\|%(?:programdata|public|temp|tmp|appdata|localappdata)%"
)
CLOSED = ("c:\\windows\\", "c:\\program files\\", "c:\\program files (x86)\\")
OF_SYSTEM = ("", "system", "localsystem")
"""Names of the system's account, without what stands before them."""
RUN_KEYS = ("\\microsoft\\windows\\currentversion\\run", "\\microsoft\\windows\\currentversion\\runonce")


@rule(
    Group.SERVICES,
    "recovery",
    "a service recovers as the profile declares",
    "MsiServiceConfigFailureActions table",
)
def recovery(msi: Msi) -> Iterator[Broken]:
    if msi.profile is None or any(msi.rows(table) for table in OF_OTHERS):
        return
    rows = {
        row["Name"].lower(): row
        for row in msi.rows("MsiServiceConfigFailureActions")
        if bits(row, "Event") & AT_INSTALL
    }
    own = {service.name.lower() for service in msi.contents.services}
    for service in msi.profile.services:
        if service.recovery is None or service.name.lower() not in own:
            continue
        row = rows.get(service.name.lower())
        if row is None and msi.contents.code:
            continue  # a program of the installation may do it
        given = tuple(ACTIONS.get(code, code) for code in row["Actions"].split("[~]") if code) if row else ()
        if given != service.recovery:
            found = ", ".join(given) or "nothing"
            yield Broken(
                f"MsiServiceConfigFailureActions: {service.name}",
                f"its tables say {found}, the profile {', '.join(service.recovery)}",
            )


@rule(
    Group.SERVICES,
    "reboots-when-it-fails",
    "a service that fails reboots no machine that the profile does not say so of",
    "MsiServiceConfigFailureActions table: Actions; SC_ACTION_REBOOT",
)
def reboots_when_it_fails(msi: Msi) -> Iterator[Broken]:
    declared = {
        each.name.lower()
        for each in (msi.profile.services if msi.profile else ())
        if each.recovery and "reboot" in each.recovery
    }
    for row in msi.rows("MsiServiceConfigFailureActions"):
        if REBOOTS in row["Actions"].split("[~]") and row["Name"].lower() not in declared:
            yield Broken(f"MsiServiceConfigFailureActions: {row['Name']}", "the machine is rebooted then")


@rule(
    Group.SERVICES,
    "start-type",
    "a service starts as the profile declares",
    "ServiceInstall table: StartType",
    Severity.WARNING,
)
def start_type(msi: Msi) -> Iterator[Broken]:
    if msi.profile is None:
        return
    given = {service.name.lower(): service.start for service in msi.contents.services if service.start}
    for service in (*msi.profile.services, *msi.profile.drivers):
        start = given.get(service.name.lower())
        if service.start is not None and start is not None and start is not service.start:
            found = f"its tables say {start.value}, the profile {service.start.value}"
            yield Broken(f"ServiceInstall: {service.name}", found)


@rule(
    Group.SERVICES,
    "account",
    "a service runs as the account that the profile declares",
    "ServiceInstall table: StartName",
)
def account(msi: Msi) -> Iterator[Broken]:
    if msi.profile is None:
        return
    for service in msi.profile.services:
        rows = [row for row in msi.rows("ServiceInstall") if row["Name"].lower() == service.name.lower()]
        names = [row["StartName"] for row in rows]
        if service.account is None or not names or any("[" in name for name in names):
            continue  # what a property says only an installation knows
        # Of several rows one is for this kind of machine.
        if _account(service.account) not in map(_account, names):
            yield Broken(
                f"ServiceInstall: {service.name}",
                f"its tables say {' or '.join(name or 'LocalSystem' for name in names)}, the profile {service.account}",
            )


@rule(
    Group.SERVICES,
    "keeps-windows-from-starting",
    "Windows starts although a service does not",
    "ServiceInstall table: ErrorControl",
)
def keeps_windows_from_starting(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("ServiceInstall"):
        if bits(row, "ErrorControl") & 0x7FFF == CRITICAL:
            yield Broken(f"ServiceInstall: {row['Name']}", "its ErrorControl is 3 (critical)")


@rule(
    Group.SERVICES,
    "interactive",
    "a service shows no windows: since Windows Vista none may",
    "ServiceInstall table: ServiceType; Interactive Services",
)
def interactive(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("ServiceInstall"):
        if bits(row, "ServiceType") & INTERACTIVE:
            yield Broken(
                f"ServiceInstall: {row['Name']}",
                f"its ServiceType is {row['ServiceType']}, with 256 (interactive)",
            )


@rule(
    Group.SERVICES,
    "unquoted-path",
    "a path with spaces that Windows starts is quoted",
    "CreateProcessW function: lpCommandLine",
)
def unquoted_path(msi: Msi) -> Iterator[Broken]:
    files = {path.lower() for path in msi.contents.files}
    for value in msi.contents.registry:
        key = value.key.lower()
        image = value.name.lower() == "imagepath" and "\\currentcontrolset\\services\\" in key
        if (image or key.endswith(RUN_KEYS)) and may_start_another(
            value.value, lambda path: path.lower() in files
        ):
            yield Broken(f"Registry: {value.key}\\{value.name}", f"it is {value.value!r}")


def _account(name: str) -> str:
    # NT AUTHORITY\NETWORK SERVICE is NT AUTHORITY\NetworkService.
    plain = name.lower().replace(" ", "").removeprefix("ntauthority\\").removeprefix(".\\")
    return "localsystem" if plain in OF_SYSTEM else plain


@rule(
    Group.SERVICES,
    "controls-windows",
    "an installer stops and deletes no service of Windows",
    "ServiceControl table: Event",
)
def controls_windows(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("ServiceControl"):
        done = [word for bit, word in TAKES.items() if bits(row, "Event") & bit]
        if row["Name"].lower() in OF_WINDOWS and done:
            yield Broken(f"ServiceControl: {row['ServiceControl']}", f"it {' and '.join(done)} {row['Name']}")


@rule(
    Group.SERVICES,
    "stays",
    "a service is deleted by the uninstall, before its files go",
    "ServiceControl table: Event; DeleteServices action",
)
def stays(msi: Msi) -> Iterator[Broken]:
    controls: dict[str, int] = {}
    for row in msi.rows("ServiceControl"):
        name = row["Name"].lower()
        controls[name] = controls.get(name, 0) | bits(row, "Event")
    for row in msi.rows("ServiceInstall"):
        event = controls.get(row["Name"].lower())
        if event is None and msi.contents.code:
            continue  # a program of the installation may do it
        by_command = re.compile(rf"\bsc(?:\.exe)?\"?\s+delete\s+\"?{re.escape(row['Name'])}\b", re.IGNORECASE)
        if any(by_command.search(each["Target"]) for each in msi.rows("CustomAction")):
            continue
        if not (event or 0) & DELETES:
            yield Broken(f"ServiceInstall: {row['Name']}", "no row of ServiceControl deletes it on uninstall")


@rule(
    Group.SERVICES,
    "writable-place",
    "what Windows starts by itself lies where only administrators can write",
    "Services: Service Security and Access Rights; file permissions of drive C: and of ProgramData",
)
def writable_place(msi: Msi) -> Iterator[Broken]:
    if sets_access_lists(msi):
        return  # the installer sets access lists, which are looked at by themselves
    for service in msi.contents.services:
        if service.program and is_open(service.program):
            yield Broken(f"ServiceInstall: {service.name}", f"it runs {service.program}")
    for row in msi.rows("MsiServiceConfigFailureActions"):
        if is_open(_placed(row["Command"].lstrip('"'))):
            place = f"MsiServiceConfigFailureActions: {row['Name']}"
            yield Broken(place, f"when it fails {row['Command']} is run")
    for value in msi.contents.registry:
        if value.key.lower().endswith(RUN_KEYS):
            program = _placed(value.value.lstrip('"'))
            if is_open(program):
                yield Broken(f"Registry: {value.key}\\{value.name}", f"it runs {value.value}")


def _placed(program: str) -> str:
    """With the system's folders filled in."""
    for folder, path in SYSTEM_FOLDERS.items():
        program = program.replace(f"[{folder}]", f"{path}\\")
    return program


def is_open(path: str) -> bool:
    """Whether ordinary users may put something beside this program, as Windows is set up. Pure.

    In ProgramData and in folders right on the drive everybody may make files and folders.
    """
    low = path.lower().replace("/", "\\")
    return bool(OPEN.match(low)) or (low.startswith("c:\\") and not low.startswith(CLOSED))
