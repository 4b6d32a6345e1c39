r"""Keys and values that differ on a stopped machine's disk: its hives where their clusters changed, and no others.

A service is a key; a task is a file and keys; a certificate, a firewall rule, a variable is a value. On Wine they lie in
the prefix's text files.
"""

import re
from collections.abc import Iterable

from harness.offline.disk import OfflineDisk
from harness.offline.hive import HiveValue
from harness.offline.hive_difference import HiveChange, difference
from harness.residue import hive_text
from harness.residue.change import Change, Kind, Where
from harness.residue.hive_text import LONGEST_SHOWN

HIVES = {
    "windows/system32/config/system": "HKLM\\System",
    "windows/system32/config/software": "HKLM\\Software",
    "windows/system32/config/sam": "HKLM\\SAM",
    "windows/system32/config/security": "HKLM\\Security",
    "windows/system32/config/default": "HKU\\.DEFAULT",
}
OF_A_USER = re.compile(
    r"(?:users|documents and settings)/([^/]+)/(?:ntuser\.dat|(appdata/local/.*usrclass\.dat))"
)
OF_A_HIVE = re.compile(r"\.(?:log[12]?|sav|blf|regtrans-ms)$|\{[0-9a-f-]{36}\}\.tm(?:container)?")
"""How files end that belong to a hive beside them: its transaction logs."""
TEXTS = {"system.reg": "HKLM", "user.reg": "HKCU", "userdef.reg": "HKU\\.Default"}
"""Of a Wine prefix, beside `drive_c`."""
CONTROL_SET = re.compile(r"^HKLM\\System\\ControlSet001(?=\\|$)", re.IGNORECASE)
LARGEST = 1 << 30


def root_of(path: str) -> str:
    r"""How the root of the hive at this path is called, e.g. `HKLM\Software`; empty for a file that is none."""
    lower = path.lower()
    if lower in HIVES:
        return HIVES[lower]
    if found := OF_A_USER.fullmatch(lower):
        name = path.split("/")[1]
        return f"HKU\\{name}_Classes" if found[2] else f"HKU\\{name}"
    return ""


def is_part_of_hive(path: str) -> bool:
    """Whether it is a hive, or a log of one: its content is told as keys and values."""
    lower = path.lower()
    if root_of(path):
        return True
    first = re.sub(OF_A_HIVE, "", lower)
    return first != lower and bool(root_of(path[: len(first)]) or root_of(f"{path[: len(first)]}.dat"))


def hive_changes(before: OfflineDisk, after: OfflineDisk, path: str) -> list[Change]:
    """What differs in a hive that is on both disks. Raises `HiveUnreadable` and what reading a disk raises."""
    place = "C:\\" + path.replace("/", "\\")
    was, now = (disk.read(place, LARGEST) for disk in (before, after))
    return list(_in_words(difference(was, now, place), root_of(path)))


def text_changes(was: bytes, now: bytes, name: str) -> list[Change]:
    """The same of a Wine prefix's file. Raises `ValueError` for what is none."""
    return hive_text.difference(was, now, TEXTS[name])


def _in_words(changes: Iterable[HiveChange], root: str) -> Iterable[Change]:
    for each in changes:
        kind = Kind.ADDED if each.was is None else Kind.REMOVED if each.now is None else Kind.CHANGED
        path = CONTROL_SET.sub(
            r"HKLM\\System\\CurrentControlSet", f"{root}\\{each.key}" if each.key else root
        )
        yield Change(
            kind=kind,
            where=Where.REGISTRY,
            path=path,
            value=each.value,
            was=_shown(each.was),
            now=_shown(each.now),
        )


def _shown(data: HiveValue | str | None) -> str:
    if data is None:
        return ""
    text = f"key, {data}".removesuffix(", ") if isinstance(data, str) else str(data)
    text = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return text or "(empty)"
