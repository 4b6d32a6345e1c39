"""How an installer's work ended that was not let come to its end."""

from dataclasses import dataclass

from harness.guest.facts import BootIdentity
from harness.guest.msi.result import MsiResult
from harness.model.report import Phase


@dataclass(frozen=True)
class Attempt:
    """How it ended."""

    work: Phase
    how: str
    """In words: what kept it from its end, and when."""
    result: MsiResult | None = None
    """What the installer itself said; None where it had no time to."""
    boot: BootIdentity | None = None
    """The boot after a power cut."""
