"""Single files of the guest: facts, content, and evidence brought to the host."""

import fnmatch
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.guest.command_line import argv_line
from harness.guest.console import PROBE_TIMEOUT_S, Console
from harness.model.errors import DeadlineExceeded, GuestFault
from harness.probe.answers.files import FileContent, FileDeleted, FileFacts, FileWritten, Tree

COLLECT_LIMIT_BYTES = 32 * 1024 * 1024
"""Of a longer file the last part is collected: a log's end is what matters."""


class Files:
    """Reads and writes through the probe, so bytes stay what they are."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def facts(self, *paths: str) -> tuple[FileFacts, ...]:
        """Facts for each path, in order; a missing one has `exists` false."""
        return tuple(self._console.probe(list[FileFacts], "file", *paths)) if paths else ()

    def read(self, path: str, *, limit_bytes: int, tail: bool = False) -> bytes:
        """The first (or last) `limit_bytes` of a file. Raises `GuestFault` with the Windows error in `code`."""
        options = ["--limit", str(limit_bytes), *(["--tail"] if tail else [])]
        return self._console.probe(FileContent, "read", *options, path).base64

    def write(self, path: str, data: bytes) -> None:
        """Create or replace a small file, with the directories above it. Raises `GuestFault`."""
        if data:
            written = self._console.probe(FileWritten, "write", path, stdin=data)
        else:
            # No input is never ended by WinRM, and the probe would wait for more.
            line = argv_line([self._console.probe_path, "write", path])
            result = self._console.run(f"{line} <nul", self._console.within(PROBE_TIMEOUT_S), in_cmd=True)
            written = self._console.answer(FileWritten, "write", result)
        if written.size != len(data):
            raise GuestFault(f"Only {written.size} of {len(data)} bytes were written to {path} in the guest.")

    def delete(self, path: str) -> bool:
        """Delete a file; whether there was one. Raises `GuestFault` for one that cannot be deleted."""
        return self._console.probe(FileDeleted, "delete", path).existed

    def collect(self, guest_paths: Sequence[str], into: Path) -> list[Path]:
        """Copy files to the host; `*` and `?` in a file's name match several.

        What is missing or cannot be read is noted in the transcript and left out; so is all the rest once the guest
        does not answer in time, which says nothing about the candidate. Raises only if the guest cannot be reached.
        """
        into.mkdir(parents=True, exist_ok=True)
        saved: list[Path] = []
        for pattern in guest_paths:
            try:
                found = self._collect_matches(pattern, into)
            except DeadlineExceeded as error:
                # Each further file could take as long again.
                self._console.transcript.note(
                    f"not collected: {pattern} and what follows it: {error.message}"
                )
                return saved
            saved += found
            if not found:
                self._console.transcript.note(f"nothing collected for {pattern}")
        return saved

    def _collect_matches(self, pattern: str, into: Path) -> list[Path]:
        saved: list[Path] = []
        for path in self._matches(pattern):
            try:
                data = self.read(path, limit_bytes=COLLECT_LIMIT_BYTES, tail=True)
            except GuestFault as error:
                self._console.transcript.note(f"not collected: {path}: {error.message}")
                continue
            target = _unused(into, host_name(path))
            target.write_bytes(data)
            saved.append(target)
        return saved

    def _matches(self, pattern: str) -> Iterator[str]:
        directory, _, name = pattern.rpartition("\\")
        if not any(c in name for c in "*?"):
            yield pattern
            return
        try:
            tree = self._console.probe(Tree, "tree", directory)
        except GuestFault as error:
            self._console.transcript.note(f"cannot be listed: {directory}: {error.message}")
            return
        for entry in tree.entries:
            if entry.directory or "\\" in entry.path:
                continue
            if fnmatch.fnmatchcase(entry.path.lower(), name.lower()):
                yield f"{directory}\\{entry.path}"


def host_name(guest_path: str) -> str:
    """A name for a guest file on the host: its last part, without what a path is made of."""
    last = re.split(r"[\\/]", guest_path)[-1]
    return re.sub(r"[^\w.+ ()-]", "_", last).lstrip(".") or "unnamed"


def _unused(directory: Path, name: str) -> Path:
    path = directory / name
    stem, suffix, number = path.stem, path.suffix, 1
    while path.exists():
        number += 1
        path = directory / f"{stem}-{number}{suffix}"
    return path
