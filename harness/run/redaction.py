"""Takes secrets out of collected evidence: installers write their properties into logs, agents their settings."""

import mmap
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.model.errors import HarnessError

STARS = {"utf-8": b"*", "utf-16-le": b"*\0"}
"""An asterisk in each encoding in which logs on Windows are written."""


def mask_error(error: BaseException, masked: Callable[[str], str]) -> None:
    """Take secrets out of an error and its causes in place: pytest and Allure print them by themselves."""
    seen: BaseException | None = error
    while seen is not None:
        seen.args = tuple(masked(part) if isinstance(part, str) else part for part in seen.args)
        if isinstance(seen, HarnessError):
            seen.message, seen.hint = masked(seen.message), masked(seen.hint)
        seen = seen.__cause__ or seen.__context__


def redact(folder: Path, secrets: Iterable[str]) -> list[Path]:
    """Overwrite every secret in every file under `folder` by as many asterisks; returns the files changed.

    Lengths and offsets stay as they were, so binary evidence (dumps, hives) remains readable.
    """
    needles = {
        (needle := secret.encode(encoding)): star * (len(needle) // len(star))
        for secret in secrets
        if secret
        for encoding, star in STARS.items()
    }
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and _redact_file(path, needles)]


def _redact_file(path: Path, needles: dict[bytes, bytes]) -> bool:
    if path.stat().st_size == 0:
        return False
    changed = False
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        for needle, mask in needles.items():
            at = content.find(needle)
            while at >= 0:
                content[at : at + len(needle)] = mask
                changed = True
                at = content.find(needle, at + len(needle))
    return changed
