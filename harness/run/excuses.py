"""What a profile allows to stay after the uninstall."""

from fnmatch import fnmatchcase

from harness.run.cell import CellSession


def unexcused(cell: CellSession, kind: str, found: frozenset[str]) -> list[str]:
    """What the profile gives no reason for; what it excuses is noted on the check."""
    excuses = [keep for keep in cell.profile.keeps if keep.kind == kind]
    left = []
    for name in sorted(found):
        excuse = next((keep for keep in excuses if fnmatchcase(name, keep.path.lower())), None)
        if excuse is None:
            left.append(name)
        else:
            cell.note(name, f"may stay: {excuse.reason}")
    return left


def some(names: list[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
