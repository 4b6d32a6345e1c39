"""Evidence from a dead machine's disk: crash dumps, event logs, the agent's own logs."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from harness.model.errors import ConfigurationError, InfrastructureError
from harness.model.report import Evidence
from harness.offline.disk import OfflineDisk
from harness.offline.paths import parse

LIMIT_BYTES = 4 * 1024 * 1024 * 1024
WINDOWS_PATHS = (
    r"C:\Windows\MEMORY.DMP",
    r"C:\Windows\Minidump\*.dmp",
    r"C:\Windows\System32\winevt\Logs\Application.evtx",
    r"C:\Windows\System32\winevt\Logs\System.evtx",
    r"C:\Windows\Panther\setup*.log",
)
"""What Windows itself leaves behind when it dies."""


def collect(
    disk: OfflineDisk, paths: Sequence[str], into: Path, *, limit_bytes: int = LIMIT_BYTES
) -> list[Evidence]:
    """Save the files that match the paths (globs allowed) into `into`; paths of the result are relative to it.

    A pattern without a match saves nothing. What is damaged does not stop the rest: it is listed in a file
    `offline-disk.txt`, which is evidence too; so is a file cut at `limit_bytes`, the limit for all files together.
    """
    into.mkdir(parents=True, exist_ok=True)
    saved: list[Evidence] = []
    notes: list[str] = []
    left = limit_bytes
    for pattern in paths:
        try:
            for path in disk.glob(pattern):
                evidence, note = _save(disk, path, into, left)
                left -= evidence.size
                saved.append(evidence)
                notes += [note] if note else []
        except ConfigurationError as error:
            notes.append(str(error))
        except InfrastructureError as error:
            notes.append(f"{pattern}: {error}")
    notes += disk.problems
    if notes:
        text = "".join(f"{note}\n" for note in notes).encode("utf-8", "backslashreplace")
        (into / "offline-disk.txt").write_bytes(text)
        digest = hashlib.sha256(text).hexdigest()
        what = "what could not be read from the disk"
        saved.append(Evidence(path="offline-disk.txt", sha256=digest, size=len(text), what=what))
    return saved


def _save(disk: OfflineDisk, path: str, into: Path, limit: int) -> tuple[Evidence, str]:
    expected = disk.stat(path).size
    name = _name(path)
    digest, size, note = hashlib.sha256(), 0, ""
    target = into / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        try:
            for chunk in disk.chunks(path, min(limit, expected)):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        except InfrastructureError as error:
            note = f"{path}: only {size} of {expected} bytes were saved: {error}"
    if not note and size < expected:
        note = f"{path}: only {size} of {expected} bytes were saved: the limit was reached"
    evidence = Evidence(path=name, sha256=digest.hexdigest(), size=size, what=f"{path} from the stopped disk")
    return evidence, note


def _name(path: str) -> str:
    r"""Where `C:\Windows\MEMORY.DMP` is kept: `C/Windows/MEMORY.DMP`, names a page or a shell trips over made plain."""
    found = parse(path)
    return "/".join([found.drive or "disk", *map(_plain, found.names)])


def _plain(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_.\-]", "_", name)[:100]
    if plain == name and plain.strip("."):
        return name
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
