"""Whose a program is that crashed in a machine: Wine's own, which is the lab's fault, or somebody else's.

crash.c names the program and every module that was in it. A program of Wine that runs others' code (msiexec with a
custom action, svchost with a service, winedevice with a driver) counts as Wine's own only if all of its modules are.
"""

from dataclasses import dataclass
from pathlib import Path

VERB = "crash"
_WINDOWS = "c:\\windows\\"
_MEDIA = "d:\\"
"""Where the harness's own programs are."""
MOST_BYTES = 1 << 20
"""Of crashes that are kept: a program that crashes for hours shall not fill a disk."""


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


def append_crash(file: Path, crash: Crash) -> None:
    """Put a crash on record. Raises `OSError`."""
    with file.open("a", encoding="utf-8") as record:
        if record.tell() < MOST_BYTES:
            record.write("|".join((crash.program, *crash.modules)) + "\n")


def read_crashed(file: Path) -> tuple[str, ...]:
    """The programs that crashed, one for each time, without those of the harness's own. None are none."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    programs = [Crash.of(line).program.removeprefix("\\\\?\\") for line in lines]
    return tuple(program for program in programs if not program.lower().startswith(_MEDIA))


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
