"""Whose a program is that crashed in a machine: Wine's own, which is the lab's fault, or somebody else's.

crash.c names the program and every module that was in it. A program of Wine that runs others' code (msiexec with a
custom action, svchost with a service, winedevice with a driver) counts as Wine's own only if all of its modules are.
"""

from dataclasses import dataclass
from pathlib import Path

VERB = "crash"
_WINDOWS = "c:\\windows\\"


@dataclass(frozen=True)
class Crash:
    """One program that crashed, and the modules that it had loaded; Windows paths."""

    program: str
    modules: tuple[str, ...]

    @classmethod
    def of(cls, said: str) -> "Crash":
        """From what crash.c says after its verb: the program, then the modules, between bars."""
        program, *modules = said.split("|")
        return cls(program, tuple(modules))

    def foreign(self, template: Path) -> str:
        """The first part of it that is not Wine's own, as the template has it; empty if all is."""
        for path in (self.program, *self.modules):
            if not _is_in(template, path):
                return path or "a program without a name"
        return ""


def _is_in(template: Path, path: str) -> bool:
    """Whether a machine had this file when it began. Windows does not mind upper and lower case."""
    lowered = path.lower().removeprefix("\\\\?\\")
    if not lowered.startswith(_WINDOWS):
        return False
    place = template / "drive_c" / "windows"
    for wanted in lowered.removeprefix(_WINDOWS).split("\\"):
        try:
            place = next(entry for entry in place.iterdir() if entry.name.lower() == wanted)
        except (OSError, StopIteration):
            return False
    return place.is_file()
