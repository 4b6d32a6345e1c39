"""Programs of Windows that an installer may call, and that a kind of guest does not have or only in part. Pure.

An installation that fails because of one says nothing about the candidate. `tests/integration/wine/test_survey.py` tries
`tried` of each on each Wine that the tests run, so that what a newer Wine can do leaves this list.
"""

import re
from dataclasses import dataclass

from harness.model.substrate import GuestSystem


@dataclass(frozen=True)
class Lack:
    """A program that is not there, or a part of it. `only_with`: words of a command line that ask for that part."""

    program: str
    tried: str
    only_with: str = ""

    @property
    def words(self) -> str:
        """What is lacking, to be said of Wine."""
        return f"no {self.program}.exe" if not self.only_with else f"a {self.program}.exe that lacks this"

    def is_in(self, line: str) -> bool:
        """Whether a command line, maybe one of `cmd.exe /c`, asks for it."""
        named = re.search(rf'(?:^|[\\\]\s"&|(])({self.program})(?:\.exe)?(?=["\s]|$)', line, re.IGNORECASE)
        if named is None:
            return False
        return not self.only_with or re.search(self.only_with, line[named.end() :], re.IGNORECASE) is not None


LACKS: dict[GuestSystem, tuple[Lack, ...]] = {
    GuestSystem.WINDOWS: (),
    GuestSystem.WINE: (
        Lack("sc", "sc config BvtSentinel start= auto", r"\bconfig\b"),
        Lack("sc", "sc failureflag BvtSentinel 1", r"\bfailureflag\b"),
        Lack("sc", "sc sidtype BvtSentinel unrestricted", r"\bsidtype\b"),
        Lack("schtasks", "schtasks /create /tn Survey /tr C:\\x.exe /sc daily /f", r"/create\b(?!.*/xml\b)"),
        Lack("fltmc", "fltmc filters"),
        Lack("bcdedit", "bcdedit /enum"),
        Lack("auditpol", "auditpol /get /category:*"),
        Lack("takeown", "takeown /?"),
        Lack("timeout", "timeout /t 0"),
        Lack("gpupdate", "gpupdate /?"),
    ),
}


def begins_with_lacking(system: GuestSystem, command: str) -> str:
    """The same of a command whose first word is its program, without folder and ending: of no other word in it."""
    program = command.partition(" ")[0]
    return next((lack.words for lack in LACKS[system] if lack.program == program and lack.is_in(command)), "")


def lacking(system: GuestSystem, line: str) -> str:
    """What a command line asks for and this kind of guest has not, in words; empty if there is nothing of the kind."""
    return next((lack.words for lack in LACKS[system] if lack.is_in(line)), "")
