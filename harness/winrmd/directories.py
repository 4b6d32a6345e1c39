"""Windows directory names to host directories, as Wine sees them: by drive, without regard to case."""

from collections.abc import Mapping
from pathlib import Path

from . import shell_faults


def host_directory(wanted: str | None, drives: Mapping[str, str], default: str | None) -> str | None:
    """The host directory for the shell's WorkingDirectory; raises `Fault` if there is no such directory."""
    if not wanted:
        return default
    drive, rest = wanted[:2].upper(), wanted[2:].replace("/", "\\")
    roots = {letter.upper(): root for letter, root in drives.items()}
    if drive not in roots or not (rest == "" or rest.startswith("\\")):
        raise shell_faults.not_a_directory(wanted)
    here = Path(roots[drive])
    for part in rest.split("\\"):
        if part in ("", "."):
            continue
        following = _entry(here, part) if part != ".." else None
        if following is None:
            raise shell_faults.not_a_directory(wanted)
        here = following
    if not here.is_dir():
        raise shell_faults.not_a_directory(wanted)
    return str(here)


def _entry(directory: Path, name: str) -> Path | None:
    exact = directory / name
    try:
        if exact.exists():
            return exact
        return next((entry for entry in directory.iterdir() if entry.name.lower() == name.lower()), None)
    except (OSError, ValueError):
        return None
