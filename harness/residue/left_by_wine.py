r"""What Wine's installer leaves of its own and Windows Installer would not: the substrate's, not the candidate's. Pure.

Each is a folder or key with nothing in it. One that holds anything is the candidate's.
"""

from collections.abc import Collection

from harness.residue.change import Change, Kind, Where

_CLASSES = "hklm\\software\\classes\\installer"
_OF_A_USER = "hkcu\\software\\microsoft\\installer"
_CURRENT = "hklm\\software\\microsoft\\windows\\currentversion\\installer"
WINES_USER = "s-1-5-21-0-0-0-1000"
INSTALLERS_OWN = frozenset(
    {
        "c:\\windows\\installer",
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
WHY_OWN = (
    "the installer's own and empty: every Windows has it, and Wine's installer makes it when it is first used"
)
WHY_EMPTY = (
    "an empty key above one of the candidate's: Wine's installer removes it, on Windows it is not empty"
)


def why(change: Change, added_before: Collection[str]) -> str:
    """Why the change is Wine's, empty if it is not. `added_before`: names of what the installation had added."""
    if change.value is not None:
        return ""
    if change.kind is Kind.ADDED and change.name in INSTALLERS_OWN:
        return WHY_OWN
    below = f"{change.name}\\"
    removed = change.kind is Kind.REMOVED and change.where is Where.REGISTRY
    return WHY_EMPTY if removed and any(name.startswith(below) for name in added_before) else ""
