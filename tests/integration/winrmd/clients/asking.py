"""What every foreign client is asked to do, in one form, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tests.integration.winrmd.servers import PASSWORD, USER

Auth = Literal["ntlm", "basic"]


@dataclass(frozen=True)
class Ask:
    """One command line for a server on this machine.

    `certificate`: the server's, which the client is to trust; None: plain HTTP. `terminate_at`: the client ends the
    command once this file is there.
    """

    port: int
    line: str
    certificate: str | None = None
    auth: Auth = "ntlm"
    user: str = USER
    password: str = PASSWORD
    stdin: bytes | None = None
    operation_timeout_s: int = 20
    terminate_at: Path | None = None

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}/wsman"


@dataclass(frozen=True)
class Answer:
    """What the client handed over. What it has no word for is None."""

    stdout: bytes
    stderr: bytes | None = None
    exit_code: int | None = None


class Refused(Exception):
    """The client said that it was not let in."""


class ForeignClient(Protocol):
    """A program or library that others wrote."""

    name: str
    lacks: Mapping[str, str]
    """Capabilities that it has not, on any server, each with the reason."""
    auth: Auth
    """How it logs in over HTTPS, where a capability does not say how."""

    def run(self, ask: Ask) -> Answer:
        """Let it run one command. Raises `Refused`."""
        ...
