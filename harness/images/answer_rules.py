"""Whether an answer file is complete for its Windows version, judged from the file alone.

Knows nothing of how the file was made. What is required: Microsoft, "Unattended Windows Setup Reference", "Automate
Windows Setup", "UEFI/GPT-based hard drive partitions".
"""

from dataclasses import dataclass

from lxml import etree

from harness.images.recipe import UEFI, WindowsRecipe

UNATTEND = "urn:schemas-microsoft-com:unattend"
WCM = "http://schemas.microsoft.com/WMIConfig/2002/State"
NS = {"u": UNATTEND, "wcm": WCM}
IDENTITY = {
    "processorArchitecture": "amd64",
    "publicKeyToken": "31bf3856ad364e35",
    "language": "neutral",
    "versionScope": "nonSxS",
}
SETUP = "Microsoft-Windows-Setup"
SHELL = "Microsoft-Windows-Shell-Setup"
PNP = "Microsoft-Windows-PnpCustomizationsWinPE"
WINDOWS_8 = (6, 2)
LONGEST_COMMAND = {"CommandLine": 1024, "Path": 259}

REQUIRED: dict[str, dict[str, tuple[str, ...]]] = {
    "windowsPE": {
        "Microsoft-Windows-International-Core-WinPE": (
            "SetupUILanguage/UILanguage",
            "UILanguage",
            "InputLocale",
        ),
        SETUP: (
            "DiskConfiguration/Disk/WillWipeDisk",
            "ImageInstall/OSImage/InstallFrom/MetaData/Value",
            "ImageInstall/OSImage/InstallTo/PartitionID",
            "UserData/AcceptEula",
            "UserData/ProductKey/WillShowUI",
        ),
    },
    "specialize": {SHELL: ("ComputerName", "TimeZone")},
    "oobeSystem": {
        "Microsoft-Windows-International-Core": ("UILanguage", "InputLocale", "SystemLocale", "UserLocale"),
        SHELL: (
            "OOBE/HideEULAPage",
            "OOBE/ProtectYourPC",
            "UserAccounts/LocalAccounts/LocalAccount/Password/Value",
            "AutoLogon/Enabled",
            "FirstLogonCommands/SynchronousCommand/CommandLine",
        ),
    },
}
ONLY_FROM_WINDOWS_8 = ("HideOnlineAccountScreens", "HideOEMRegistrationScreen", "HideLocalAccountScreen")
"""Unknown to Windows 7, whose Setup refuses a file with a setting that it does not know."""


@dataclass(frozen=True)
class Answer:
    """A parsed answer file."""

    root: etree._Element

    def component(self, during: str, name: str) -> etree._Element | None:
        path = f"u:settings[@pass='{during}']/u:component[@name='{name}']"
        return self.root.find(path, NS)

    def text(self, during: str, component: str, path: str) -> str | None:
        """A setting's value; None if it is not there."""
        found = self.component(during, component)
        return (
            None
            if found is None
            else found.findtext("/".join(f"u:{part}" for part in path.split("/")), None, NS)
        )

    def texts(self, during: str, component: str, path: str) -> list[str]:
        """The values of a repeated setting."""
        found = self.component(during, component)
        steps = "/".join(f"u:{part}" for part in path.split("/"))
        return [] if found is None else [element.text or "" for element in found.findall(steps, NS)]


def problems(document: bytes, recipe: WindowsRecipe) -> list[str]:
    """What is wrong with the file for this recipe, one sentence each; empty for a good one."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        answer = Answer(etree.fromstring(document, parser))
    except etree.XMLSyntaxError as error:
        return [f"it is not well-formed XML: {error}"]
    if answer.root.tag != f"{{{UNATTEND}}}unattend":
        return [f"its root is {answer.root.tag}, not unattend"]
    return [
        *_identities(answer),
        *_required(answer),
        *_image(answer),
        *_disk(answer, recipe),
        *_drivers(answer, recipe),
        *_version(answer, recipe),
        *_account(answer),
        *_lengths(answer),
    ]


def _identities(answer: Answer) -> list[str]:
    found = []
    for section in answer.root:
        names = [component.get("name") or "" for component in section]
        found += [f"{section.get('pass')} holds {name} twice" for name in set(names) if names.count(name) > 1]
        for component in section:
            for attribute, value in IDENTITY.items():
                if component.get(attribute) != value:
                    found.append(
                        f"{component.get('name')} in {section.get('pass')} lacks {attribute}={value}"
                    )
    return found


def _required(answer: Answer) -> list[str]:
    return [
        f"{during} lacks {component}/{path}"
        for during, components in REQUIRED.items()
        for component, paths in components.items()
        for path in paths
        if not answer.text(during, component, path)
    ]


def _image(answer: Answer) -> list[str]:
    at = "ImageInstall/OSImage/InstallFrom/MetaData/"
    key = answer.text("windowsPE", SETUP, at + "Key")
    index = answer.text("windowsPE", SETUP, at + "Value") or ""
    if key != "/IMAGE/INDEX" or not (index.isascii() and index.isdigit() and int(index) > 0):
        return [f"the image is to be chosen by its index, not by {key} '{index}'"]
    return []


def _disk(answer: Answer, recipe: WindowsRecipe) -> list[str]:
    at = "DiskConfiguration/Disk/"
    types = answer.texts("windowsPE", SETUP, at + "CreatePartitions/CreatePartition/Type")
    active = answer.texts("windowsPE", SETUP, at + "ModifyPartitions/ModifyPartition/Active")
    extends = answer.texts("windowsPE", SETUP, at + "CreatePartitions/CreatePartition/Extend")
    target = answer.text("windowsPE", SETUP, "ImageInstall/OSImage/InstallTo/PartitionID")
    found = []
    if recipe.firmware in UEFI:
        if types != ["EFI", "MSR", "Primary"]:
            found.append(f"UEFI needs the partitions EFI, MSR, Primary, not {', '.join(types) or 'none'}")
        if active:
            found.append("a GPT disk has no active partition")
    else:
        if set(types) != {"Primary"}:
            found.append(f"BIOS needs primary partitions, not {', '.join(types) or 'none'}")
        if active != ["true"]:
            found.append("BIOS needs exactly one active partition")
    letters = answer.texts("windowsPE", SETUP, at + "ModifyPartitions/ModifyPartition/Letter")
    if letters != ["C"]:
        found.append("only Windows may have a drive letter, and it must be C")
    if extends != ["true"]:
        found.append("exactly one partition must take the rest of the disk")
    if target != str(len(types)):
        found.append(f"Windows goes to partition {target}, not to the last one")
    return found


def _drivers(answer: Answer, recipe: WindowsRecipe) -> list[str]:
    paths = answer.texts("windowsPE", PNP, "DriverPaths/PathAndCredentials/Path")
    wanted = [driver.folder.replace("/", "\\") for driver in recipe.drivers if driver.in_setup]
    found = [
        f"Setup is not told where {folder} is"
        for folder in wanted
        if not any(path.endswith(":\\" + folder) for path in paths)
    ]
    known = tuple(":\\" + folder for folder in wanted)
    found += [f"{path} is no driver of this recipe" for path in paths if not path.endswith(known or ("\0",))]
    component = answer.component("windowsPE", PNP)
    if component is not None:
        entries = component.findall("u:DriverPaths/u:PathAndCredentials", NS)
        keys = [entry.get(f"{{{WCM}}}keyValue") for entry in entries]
        if len(set(keys)) != len(keys) or None in keys:
            found.append("driver paths need different keyValue attributes")
    return found


def _version(answer: Answer, recipe: WindowsRecipe) -> list[str]:
    found: list[str] = []
    version = (recipe.version.major, recipe.version.minor)
    if version < WINDOWS_8:
        found += [
            f"Windows 7 does not know OOBE/{setting}"
            for setting in ONLY_FROM_WINDOWS_8
            if answer.text("oobeSystem", SHELL, f"OOBE/{setting}")
        ]
    elif not recipe.server and answer.text("oobeSystem", SHELL, "OOBE/HideOnlineAccountScreens") != "true":
        found.append("the pages about online accounts would be shown")
    if version < WINDOWS_8 and not answer.text("oobeSystem", SHELL, "OOBE/NetworkLocation"):
        found.append("Windows 7 would ask for the network's location")
    if recipe.server and not answer.text("oobeSystem", SHELL, "UserAccounts/AdministratorPassword/Value"):
        found.append("a server would ask for the administrator's password")
    if recipe.needs_windows_11:
        commands = " ".join(
            answer.texts(
                "specialize", "Microsoft-Windows-Deployment", "RunSynchronous/RunSynchronousCommand/Path"
            )
        )
        if "BypassNRO" not in commands:
            found.append("Windows 11 would insist on a network at first start (BypassNRO)")
    return found


def _account(answer: Answer) -> list[str]:
    name = answer.text("oobeSystem", SHELL, "UserAccounts/LocalAccounts/LocalAccount/Name")
    logon = answer.text("oobeSystem", SHELL, "AutoLogon/Username")
    found = [] if name == logon else [f"{logon} is to log on, but the account is {name}"]
    if answer.text("oobeSystem", SHELL, "AutoLogon/LogonCount") != "1":
        found.append("the automatic logon must happen exactly once")
    computer = answer.text("specialize", SHELL, "ComputerName") or ""
    if len(computer) > 15:
        found.append(f"the computer name {computer} is longer than 15 characters")
    return found


def _lengths(answer: Answer) -> list[str]:
    return [
        f"{tag} {number} is longer than {longest} characters"
        for tag, longest in LONGEST_COMMAND.items()
        for number, element in enumerate(answer.root.iter(f"{{{UNATTEND}}}{tag}"), start=1)
        if len(element.text or "") > longest
    ]
