"""Every error a user can meet. The class says who is at fault; the message says what to do."""

from collections.abc import Sequence


class HarnessError(Exception):
    """The root. `str()` is one clear sentence fit for a user; `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConfigurationError(HarnessError):
    """A command or a file is wrong; nothing ran. Exit code 2."""

    def __init__(
        self, message: str, *, file: str = "", line: int | None = None, key: str = "", hint: str = ""
    ) -> None:
        place = f"{file}:{line}" if file and line else file
        prefix = ": ".join(part for part in (place, key) if part)
        super().__init__(f"{prefix}: {message}" if prefix else message, hint=hint)
        self.sentence, self.file, self.line, self.key = message, file, line, key


class CandidateError(HarnessError):
    """The candidate did something wrong. In a check this is a FAIL, never an INFRA."""


class EvidenceError(HarnessError):
    """Evidence is not what it was, or not whose it says it is, or is not enough. Exit code 5."""


class InfrastructureError(HarnessError):
    """The lab failed; this says nothing about the candidate. Exit code 4."""


class DeadlineExceeded(InfrastructureError):
    """A wait passed its deadline and nothing says the candidate is to blame."""

    def __init__(self, what: str, seconds: float, *, hint: str = "") -> None:
        super().__init__(f"{what} did not happen within {seconds:g} s.", hint=hint)
        self.what, self.seconds = what, seconds


class MachineLost(InfrastructureError):
    """The machine (its processes, its domain, its host) is gone or no longer usable."""


class GuestUnreachable(InfrastructureError):
    """The guest's WinRM endpoint does not answer."""


class OutcomeUnknown(InfrastructureError):
    """The connection broke in mid-command: the command may or may not have run."""


class GuestFault(InfrastructureError):
    """WinRM answered with a fault that the guest layer could not recover from."""

    def __init__(self, message: str, *, code: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class BackendError(InfrastructureError):
    """The backend (embedded or external) failed or answered nonsense."""


class ToolMissing(InfrastructureError):
    """A program the harness needs is not installed."""

    def __init__(self, tool: str, *, package: str = "", needed_for: str = "") -> None:
        purpose = f" (needed for {needed_for})" if needed_for else ""
        hint = f"Install it with: apt-get install {package}" if package else "Run ./dev setup."
        super().__init__(f"{tool} is not installed{purpose}.", hint=hint)
        self.tool, self.package = tool, package


def one_sentence(parts: Sequence[str]) -> str:
    """Join message parts with single spaces, dropping empty ones."""
    return " ".join(part.strip() for part in parts if part.strip())


class ProgramFailed(InfrastructureError):
    """A program ended with an error. `said`: all that it said, of which the message has the end."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said
