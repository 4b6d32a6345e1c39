r"""What Wine leaves of its own and Windows would not: the substrate's, not the candidate's. Pure.

Each but a certificate and a start type is a folder or key with nothing in it; one that holds anything is the
candidate's.
"""

import re
from collections.abc import Collection

from harness.candidate.msi_folders import SYSTEM_FOLDERS
from harness.residue.change import Change, Kind, Where

_CLASSES = "hklm\\software\\classes\\installer"
_OF_A_USER = "hkcu\\software\\microsoft\\installer"
_CURRENT = "hklm\\software\\microsoft\\windows\\currentversion\\installer"
WINES_USER = "s-1-5-21-0-0-0-1000"
INSTALLERS_OWN = frozenset(
    {
        "c:\\windows\\installer",
        *(
            f"hklm\\software\\{view}microsoft\\windows\\currentversion\\shareddlls"
            for view in ("", "wow6432node\\")
        ),
        *(f"{_CLASSES}\\{name}" for name in ("features", "products", "upgradecodes", "patches")),
        *(f"{_CURRENT}\\{name}" for name in ("upgradecodes", "folders")),
        *(f"{_OF_A_USER}\\{name}" for name in ("features", "products", "upgradecodes", "patches")),
        *(
            f"{_CURRENT}\\userdata\\{sid}\\{name}"
            for sid in ("s-1-5-18", WINES_USER)
            for name in ("components", "products", "patches")
        ),
    }
)
UPGRADE_CODES = (f"{_CLASSES}\\upgradecodes\\", f"{_CURRENT}\\upgradecodes\\")
COMPONENTS = re.compile(re.escape(f"{_CURRENT}\\userdata\\s-1-5-18\\components\\") + r"[0-9a-f]{32}$")
OWN_CERTIFICATE = re.compile(
    r"hk(?:lm|cu)\\software\\microsoft\\systemcertificates\\my\\certificates\\[0-9a-f]{40}(?:\\blob)?$"
)
"""In the store of those that the machine or its user has the key of. Nobody trusts anybody by one of these."""
WHY_CERTIFICATE = (
    "a certificate of the machine's own (MY): Wine keeps in the registry what was deleted from a store"
)
WHY_LIST = (
    "the list of products of an UpgradeCode, which Wine's installer deletes with whichever of them goes"
)
WHY_COMPONENTS = "a registered component, which Wine's installer forgets to roll back"
WHY_OWN = (
    "the installer's own and empty: every Windows has it, and Wine's installer makes it when it is first used"
)
WHY_EMPTY = (
    "an empty key above one of the candidate's: Wine's installer removes it, on Windows it is not empty"
)
WHY_SYSTEMS_FOLDER = (
    "a folder of the system that is empty here and not on Windows: Wine's installer removes it with the candidate's"
    " file in it"
)
WHY_SCHEDULE = "the Task Scheduler, which every Windows starts by itself, and Wine once a task is entered"
SCHEDULE = "hklm\\system\\currentcontrolset\\services\\schedule\\start"
ON_DEMAND, BY_ITSELF = "dword:00000003", "dword:00000002"
SYSTEMS_FOLDERS = frozenset(folder.lower() for folder in SYSTEM_FOLDERS.values())


def why(change: Change, added_before: Collection[str], *, came: bool = True) -> str:
    """Why the change is Wine's, empty if it is not. `added_before`: names of what the installation had added.

    `came`: the installation succeeded.
    """
    if change.kind is Kind.REMOVED and change.name.startswith(UPGRADE_CODES):
        return WHY_LIST
    if change.kind is Kind.ADDED and OWN_CERTIFICATE.match(change.name):
        return WHY_CERTIFICATE
    if change.name == SCHEDULE and (change.was, change.now) == (ON_DEMAND, BY_ITSELF):
        return WHY_SCHEDULE
    if change.value is not None:
        return ""
    if not came and change.kind is Kind.ADDED and COMPONENTS.match(change.name):
        return WHY_COMPONENTS
    if change.kind is Kind.ADDED and change.name in INSTALLERS_OWN:
        return WHY_OWN
    below = f"{change.name}\\"
    if change.kind is not Kind.REMOVED or not any(name.startswith(below) for name in added_before):
        return ""
    if change.where is Where.REGISTRY:
        return WHY_EMPTY
    return WHY_SYSTEMS_FOLDER if change.name in SYSTEMS_FOLDERS else ""
