r"""What the system was told to run or to load, read from outside: registry values and the definitions of tasks. Pure.

A program that runs for a moment once a day is seen by no look at processes. Who told the system to run it wrote its path
down: into a key of the system's, or into a task.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.lifecycle.elsewhere import run_from_open_folders
from harness.model.profile import AgentProfile
from harness.model.profile.text import is_below
from harness.residue.change import Change, Kind, Where

TASKS = "C:\\Windows\\System32\\Tasks"
STARTUP = re.compile(r"\\start menu\\programs\\startup\\[^\\]+\.(?:cmd|bat|vbs|js|ps1)$")
LARGEST = 1 << 20
"""Bytes of a task's definition that are read."""
PROGRAM = re.compile(
    r"[a-z]:\\[^\"<>|*?\r\n]*?\.(?:exe|dll|sys|cmd|bat|ps1|vbs|js|ocx|cpl|com)\b", re.IGNORECASE
)
SYSTEM_KEY = re.compile(
    r"(?:hklm\\system|(?:hklm|hkcu|hku\\[^\\]+)\\software\\(?:wow6432node\\)?(?:microsoft|classes))\\"
)


def named_in_open_folders(
    changes: Iterable[Change], texts: Mapping[str, str], profile: AgentProfile
) -> list[str]:
    """Programs where every user may write that the system is to run or to load, each with who names it.

    `texts`: what is in the files among the changes that are commands, by name (`definitions`).
    """
    found = []
    for change in changes:
        text = change.now if _tells_the_system(change, profile) else texts.get(change.name, "")
        programs = run_from_open_folders(PROGRAM.findall(text), profile)
        found += [f"{program.lower()}, named by {change.name}" for program in programs]
    return sorted(set(found))


def definitions(changes: Iterable[Change], drive: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each new or changed task and script of the start menu. `drive`: what the overlay holds of C:."""
    for change in changes:
        if change.where is not Where.FILE or change.kind is Kind.REMOVED or not change.sha256:
            continue
        if not (is_below(change.path, TASKS) or STARTUP.search(change.name)):
            continue
        try:
            with (drive / change.path[len("C:\\") :].replace("\\", "/")).open("rb") as file:
                content = file.read(LARGEST)
        except OSError:
            continue  # gone meanwhile
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        yield change.name, content.decode("utf-16" if wide else "utf-8", errors="replace")


def _tells_the_system(change: Change, profile: AgentProfile) -> bool:
    if change.value is None or change.kind is Kind.REMOVED or not SYSTEM_KEY.match(change.name):
        return False
    return not any(is_below(change.path, key) for key in profile.registry_roots)
