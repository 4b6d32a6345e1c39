"""Which of an MSI's folders and keys are its product's own. Pure."""

import ntpath
import re
from collections import Counter
from collections.abc import Iterable

from harness.candidate.msi_contents import MsiContents
from harness.model.profile.text import is_below

PROGRAM_FOLDERS = ("C:\\Program Files", "C:\\Program Files (x86)")
DATA = "C:\\ProgramData"
SHARED = ("Common Files",)
START_MENU = f"{DATA}\\Microsoft"
OTHERS_KEYS = ("microsoft", "classes", "policies", "clients", "registeredapplications")
LEGAL_FORMS = frozenset(
    {"inc", "ltd", "llc", "gmbh", "corp", "corporation", "company", "limited", "the", "agent", "software"}
)
"""Words of a vendor's or product's name that say nothing of whose a key is."""
EVENT_SOURCES = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\"


def home_folder(msi: MsiContents) -> str:
    """The folder that holds all of its programs' folders below Program Files; empty if there is none of its own."""
    services = [service.program.rpartition("\\")[0] for service in msi.services if service.program]
    own = [folder for folder in (services or [*_file_folders(msi)]) if _below_programs(folder)]
    if not own:
        own = [folder for folder in _file_folders(msi) if _below_programs(folder)]
    if not own:
        return ""
    common = ntpath.commonpath(own) if len({root(folder) for folder in own}) == 1 else ""
    if common and _below_programs(common):
        return common
    return Counter(own).most_common(1)[0][0]


def data_folders(msi: MsiContents) -> tuple[str, ...]:
    """Its folders below ProgramData, each without those inside it."""
    found = [folder for folder in msi.folders if is_below(folder, DATA) and not is_below(folder, START_MENU)]
    deep = [folder for folder in found if folder.lower() != START_MENU.lower()]
    return tuple(dict.fromkeys(each for each in deep if not any(is_below(each, other) for other in deep)))


def registry_roots(msi: MsiContents) -> tuple[str, ...]:
    """Keys that go with the product: its own below its vendor's, and its event sources.

    Where some of them are named after vendor or product, others are of another vendor's product (a browser that it
    extends): of these the key itself is its own, if that is named so.
    """
    found = [_root_of(key) for key in msi.keys if key.upper().startswith("HKLM\\")]
    own = _words(f"{msi.manufacturer} {msi.product_name}")
    if any(_is_named(key, own) for key in found):
        whole = [
            key for key in msi.keys if key.rpartition("\\")[2] and _is_named(key.rpartition("\\")[2], own)
        ]
        found = [key if _is_named(key, own) or _is_source(key) else _own_of(key, whole) for key in found]
    kept = list(dict.fromkeys(key for key in found if key and not set('"%[') & set(key)))
    return tuple(key for key in kept if not any(is_below(key, other) for other in kept))


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]{3,}", text.lower())) - LEGAL_FORMS


def _is_named(key: str, own: frozenset[str]) -> bool:
    """Whether a word of the key begins as one of these, or one of these as it."""
    return any(
        mine.startswith(theirs) or theirs.startswith(mine)
        for mine in _words(" ".join(key.split("\\")[2:]) or key)
        for theirs in own
    )


def _is_source(key: str) -> bool:
    return key.lower().startswith(EVENT_SOURCES.lower())


def _own_of(root_key: str, named: Iterable[str]) -> str:
    return next((key for key in named if root_key and is_below(key, root_key)), "")


def root(folder: str) -> str:
    """Which Program Files it lies in."""
    return next((each for each in PROGRAM_FOLDERS if is_below(folder, each)), "")


def _root_of(key: str) -> str:
    if _is_source(key):
        return key
    parts = key.split("\\")
    skip = 2 + (len(parts) > 2 and parts[2].lower() == "wow6432node")
    if parts[1].lower() != "software" or len(parts) <= skip or parts[skip].lower() in OTHERS_KEYS:
        return ""
    return "\\".join(parts[: skip + 2])


def _file_folders(msi: MsiContents) -> Iterable[str]:
    return [path.rpartition("\\")[0] for path in msi.files]


def _below_programs(folder: str) -> bool:
    above = root(folder)
    first = folder[len(above) + 1 :].partition("\\")[0] if above else ""
    return bool(first) and first not in SHARED
