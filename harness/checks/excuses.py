"""What a profile allows to stay after the uninstall."""

from pathlib import PureWindowsPath

from harness.cell.session import CellSession
from harness.model.profile.places import Keep


def unexcused(cell: CellSession, kind: str, found: frozenset[str]) -> list[str]:
    """What the profile gives no reason for; what it excuses is on record."""
    left, excused = sort_out([keep for keep in cell.profile.keeps if keep.kind == kind], found)
    for keep, names in excused:
        cell.excuse(f"{keep.kind} {keep.path} ({len(names)} found)", f"may stay: {keep.reason}")
    return left


def sort_out(keeps: list[Keep], found: frozenset[str]) -> tuple[list[str], list[tuple[Keep, list[str]]]]:
    """What nothing excuses, and per reason what it excuses. Pure.

    A folder that is there because of what may stay in it needs no reason of its own.
    """
    excused = [(keep, sorted(name for name in found if keep.covers(name))) for keep in keeps]
    names = {name for _, covered in excused for name in covered}
    holding = {str(parent) for name in names for parent in PureWindowsPath(name).parents}
    return sorted(found - names - holding), [(keep, covered) for keep, covered in excused if covered]


def some(names: list[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
