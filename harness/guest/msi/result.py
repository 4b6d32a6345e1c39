"""What an installer came to: its result, or the error that says why there is none."""

from dataclasses import dataclass

from harness.guest.msi.exit_codes import MsiExit
from harness.model.errors import CandidateError, InfrastructureError
from harness.probe.answers.processes import Child, Finished


@dataclass(frozen=True)
class MsiResult:
    """An installer that ran to its end."""

    command: str
    exit_code: int
    meaning: MsiExit
    log_path: str
    """In the guest; an EXE installer's is what it printed."""
    log_excerpt: str
    """Why it failed, from the verbose log; empty when it succeeded."""
    duration_s: float
    children: tuple[Child, ...] = ()
    """Of an EXE installer: what it had started and what was awaited after its own end."""
    log_words: str = ""
    """The same in a sentence: the failed action, and the error. Empty where the log does not tell."""
    failed_action: str = ""
    """Its name, of an MSI."""

    @property
    def reboot_needed(self) -> bool:
        """True if the work ends only with a reboot."""
        return self.meaning.reboot_needed

    @property
    def succeeded(self) -> bool:
        """True if the exit code means success, reboot or not."""
        return self.meaning.succeeded


@dataclass(frozen=True)
class SetUpAgain:
    """A set-up program that was run once more, to hear what its guest says of it."""

    exit_code: int
    said: str
    """By whatever wrote to its standard error and to that of all that it started."""


class InstallerBusy(InfrastructureError):
    """Windows Installer was busy with another installation until the deadline: this one never began."""


class InstallerHangs(CandidateError):
    """The installer, or what it had started, did not end by its deadline. It was ended.

    `found`: in words. `log_path`: in the guest.
    """

    def __init__(self, line: str, found: str, length_s: float, *, hint: str = "", log_path: str = "") -> None:
        super().__init__(f"`{line}` did not end within {length_s:g} s: {found}.", hint=hint)
        self.found, self.log_path = found, log_path


class InstallerNotStarted(CandidateError):
    """Windows does not take the installer, or the uninstaller, for a program that it can run."""


def hanging(finished: Finished) -> str:
    """What did not end: the installer itself, or what it had started."""
    left = [
        child.path.rpartition("\\")[2] or f"process {child.pid}"
        for child in finished.children
        if not child.ended
    ]
    if not left:
        return "it did not end, and was ended with all that it had started"
    names = ", ".join(left)
    return (
        f"it ended with {finished.exit_code}, but {names}, which it had started, did not end, and was ended"
    )
