"""Directories of machines that no intent names any more: whose they are, and which programs still use them."""

import os
import socket
from pathlib import Path

from pydantic import ValidationError

from harness.files import write_atomically
from harness.model.base import Frozen

MACHINE_DIRECTORY = "machine directory"
NO_INTENT = "no intent names it, so that nobody else removes it"
NOTE = "whose.json"
PROC = Path("/proc")


class Note(Frozen):
    """Beside a machine's files, where several state directories or hosts may have machines in one place."""

    provider: str
    host: str
    intent: Path

    @property
    def forgotten(self) -> bool:
        """Whether the intent is gone. Of another host's that cannot be told."""
        return self.host == socket.gethostname() and not self.intent.exists()


def note(directory: Path, provider: str, intent: Path) -> None:
    """Write down whose directory this is. Raises `OSError`."""
    said = Note(provider=provider, host=socket.gethostname(), intent=intent.absolute())
    write_atomically(directory / NOTE, said.model_dump_json())


def noted(directory: Path) -> Note | None:
    """Whose directory this is; None if nothing that can be read says it."""
    try:
        return Note.model_validate_json((directory / NOTE).read_bytes())
    except (OSError, ValidationError):
        return None


def users(directory: Path) -> dict[int, str]:
    """Other processes that have something in it open, or in their command line: process id to command line."""
    inside = os.fsencode(directory.resolve()) + b"/"
    found = {}
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
            if inside in line or any(path.startswith(inside) for path in _open_files(entry)):
                found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue  # it ended, or is another user's
    return found


def _open_files(process: Path) -> list[bytes]:
    found = []
    for descriptor in (process / "fd").iterdir():
        try:
            found.append(os.fsencode(descriptor.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found
