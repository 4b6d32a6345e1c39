"""Where a secret is looked for on a machine that cannot be read from outside: folders and keys. Pure."""

from harness.guest.registry_tree import HIVES
from harness.model.profile import AgentProfile

FOLDERS = ("C:\\ProgramData", "C:\\Windows\\Temp", "%TEMP%", "C:\\Users")
"""Where agents write beside their own folders."""
_WINDOWS = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion"
_SERVICES = "HKLM\\System\\CurrentControlSet\\Services"
KEYS = (
    f"{_WINDOWS}\\Run",
    f"{_WINDOWS}\\RunOnce",
    f"{_WINDOWS}\\Uninstall",
    f"{_WINDOWS}\\Installer",
    "HKLM\\Software\\Classes\\Installer",
    "HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment",
    "HKCU\\Environment",
)


def folders(profile: AgentProfile) -> list[str]:
    """The agent's own, those where agents write beside them, and the logs that lie elsewhere."""
    named = (*FOLDERS, profile.install_dir, *profile.data_dirs)
    logs = [path for path in profile.logs if not set("*?") & set(path)]
    below = tuple(f"{folder.lower()}\\" for folder in named)
    return [*dict.fromkeys(named), *(path for path in logs if not path.lower().startswith(below))]


def keys(profile: AgentProfile) -> list[str]:
    """The agent's own, those of its services, and those that every product shares."""
    services = [f"{_SERVICES}\\{each.name}" for each in (*profile.services, *profile.drivers)]
    declared = [each.key for each in profile.registry]
    return list(dict.fromkeys((*profile.registry_roots, *declared, *services, *KEYS)))


def in_short(key: str) -> str:
    r"""`hkey_local_machine\\x` as `hklm\\x`, as profiles write it."""
    hive, _, rest = key.partition("\\")
    by_name = {whole.lower(): short.lower() for short, whole in HIVES.items()}
    return f"{by_name.get(hive, hive)}\\{rest}"
