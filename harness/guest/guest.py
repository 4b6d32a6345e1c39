"""The facade of the guest layer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.guest.facts import BootIdentity, CommandResult
from harness.guest.transcript import Transcript
from harness.model.deadline import Deadline
from harness.model.machine import WinRMAccess


class Guest:
    """One Windows system. Every operation has a deadline; calls from several threads take turns."""

    guest_s: float
    """Seconds spent waiting for the guest so far."""

    def __init__(self, access: WinRMAccess, transcript: Transcript, *, media_root: str) -> None: ...

    def run(
        self,
        command: str | Sequence[str],
        *,
        timeout_s: float = 30,
        stdin: bytes = b"",
        cwd: str | None = None,
        shell: bool = False,
        repeatable: bool = False,
    ) -> CommandResult: ...

    def probe(self, *args: str, timeout_s: float = 30) -> Any: ...

    def batch(self, *commands: Sequence[str]) -> list[Any]: ...

    def boot(self) -> BootIdentity: ...

    def read_file(self, path: str, *, limit_bytes: int) -> bytes: ...

    def write_file(self, path: str, data: bytes) -> None: ...

    def delete(self, path: str) -> None: ...

    def collect(self, guest_paths: Sequence[str], into: Path) -> list[Path]: ...

    def reboot(self, deadline: Deadline) -> BootIdentity: ...

    def ready(self, deadline: Deadline) -> None: ...

    def close(self) -> None: ...
