"""Places that a profile calls the agent's own, and that belong to everybody.

What lies below them would not be looked at as others' any more: files of Windows that are changed, secrets that lie
about, keys of other products that are gone.
"""

from collections.abc import Iterator

from harness.documents.problem import Problem
from harness.model.profile import AgentProfile
from harness.model.profile.text import is_below

OF_OTHERS = tuple(
    f"{folder}\\unrelated"
    for folder in (
        "C:\\Program Files",
        "C:\\Program Files (x86)",
        "C:\\Program Files\\Common Files",
        "C:\\ProgramData",
        "C:\\ProgramData\\Microsoft",
        "C:\\Users",
        "C:\\Users\\Public",
        "C:\\Windows",
        "C:\\Windows\\System32",
        "C:\\Windows\\System32\\drivers",
        "C:\\Windows\\SysWOW64",
        "C:\\Windows\\Temp",
    )
)
"""What is nobody's agent's, by its path."""
KEYS_OF_OTHERS = tuple(
    f"{key}\\unrelated"
    for key in (
        "HKLM\\Software",
        "HKLM\\Software\\Classes",
        "HKLM\\Software\\Classes\\CLSID",
        "HKLM\\Software\\Microsoft",
        "HKLM\\Software\\Policies",
        "HKLM\\Software\\WOW6432Node",
        "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion",
        "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run",
        "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
        "HKLM\\System\\CurrentControlSet\\Control",
        "HKLM\\System\\CurrentControlSet\\Services",
        "HKLM\\System\\CurrentControlSet\\Services\\EventLog\\Application",
        "HKCU\\Software",
        "HKU\\.DEFAULT\\Software",
        "HKCR\\CLSID",
    )
)
"""The same of keys."""


def is_everybodys(folder: str) -> bool:
    """Whether many products have something in this folder. Pure."""
    return any(is_below(name, folder) for name in OF_OTHERS)


def too_wide(profile: AgentProfile) -> Iterator[Problem]:
    """Every such place, with what to write instead. Pure."""
    folders = [
        (("install_dir",), profile.install_dir),
        *((("data_dirs", number), path) for number, path in enumerate(profile.data_dirs)),
    ]
    for place, path in folders:
        if is_everybodys(path):
            yield Problem(
                place,
                f"{path!r} also holds what is not the agent's.".replace("\\\\", "\\"),
                "Name the agent's own folder; single files go under files.",
            )
    for number, key in enumerate(profile.registry_roots):
        if any(is_below(name, key) for name in KEYS_OF_OTHERS):
            yield Problem(
                ("registry_roots", number),
                f"{key!r} also holds what is not the agent's.".replace("\\\\", "\\"),
                "Name the agent's own keys.",
            )
    for number, secret in enumerate(profile.secrets):
        if any(secret.covers(name) for name in (*OF_OTHERS, *KEYS_OF_OTHERS)):
            yield Problem(
                ("secrets", number, "path"),
                f"{secret.path!r} is also where others look.".replace("\\\\", "\\"),
                "Say exactly where the agent keeps it.",
            )
