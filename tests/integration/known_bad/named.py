"""What a line of the catch table is made of, and the kinds into which the table is divided."""

from collections.abc import Iterator
from dataclasses import dataclass

from examples.reference_agent.defects import DEFECTS

INSTALL = "installation"
SERVICE = "service"
ENVIRONMENT = "PATH, variables, system programs"
OTHERS = "the system and other products"
LEFT = "left behind"
LATER = "left behind, seen later"
BACKEND = "identity and backend"
SECRET = "secrets"
HEALTH = "health"
DELIVERY = "delivery"
CONTROL = "configuration and control"
BOOT = "reboots"
LIFE = "upgrade, repair, downgrade, uninstall"
BROKEN = "broken off, hindered, repeated"
DIRTY = "dirty machines"
LONG = "a long time"
TABLES = "tables of the MSI"
OTHER = "other"


@dataclass(frozen=True)
class Named:
    """One defect, or one part of it: its kind, the check that names it, and what its message holds."""

    defect: str
    kind: str
    check: str
    words: str = ""
    """A regular expression; none: the one of the candidate, which then has no other defect for this check."""
    what: str = ""
    """In words, where the defect is only a part of what a candidate's defect does."""

    @property
    def meaning(self) -> str:
        """What is wrong, for people."""
        return self.what or DEFECTS.get(self.defect, self.defect)


def of(kind: str, *lines: tuple[str, ...]) -> Iterator[Named]:
    """Lines of one kind: defect, check, words, what; the last two may be left out."""
    for defect, check, *rest in lines:
        yield Named(defect, kind, check, *rest)
