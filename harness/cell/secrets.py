"""Takes secrets out of collected evidence: installers write their properties into logs, agents their settings."""

import mmap
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.model.errors import HarnessError
from harness.model.masking import forms

STARS = {"utf-8": b"*", "utf-16-le": b"*\0"}
"""An asterisk in each encoding in which logs on Windows are written."""


def mask_error(error: BaseException, masked: Callable[[str], str]) -> None:
    """Take secrets out of an error and its causes in place: pytest and Allure print them by themselves.

    Causes may form a ring (an error kept and raised again while what came of it is handled): each is masked once.
    """
    found: list[BaseException] = [error]
    for one in found:  # grows while it is walked
        one.args = tuple(masked(part) if isinstance(part, str) else part for part in one.args)
        if isinstance(one, HarnessError):
            one.message, one.hint = masked(one.message), masked(one.hint)
        found += [
            next_one
            for next_one in (one.__cause__, one.__context__)
            if next_one is not None and not any(next_one is known for known in found)
        ]


def redact(folder: Path, secrets: Iterable[str]) -> list[Path]:
    """Overwrite every secret, in any form, in every file under `folder` by as many asterisks; returns the files changed.

    Lengths and offsets stay as they were, so binary evidence (dumps, hives) remains readable. A file that cannot be
    read or written is removed, for it may hold a secret; at the end `OSError` names those.
    """
    needles = {
        (needle := form.encode(encoding)): star * (len(needle) // len(star))
        for form in forms(secrets)
        for encoding, star in STARS.items()
    }
    changed: list[Path] = []
    failed: list[str] = []
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file() and _redact_file(path, needles):
                changed.append(path)
        except OSError as error:
            path.unlink(missing_ok=True)
            failed.append(f"{path.name}: {error.strerror}")
    if failed:
        raise OSError(f"removed, for their secrets could not be masked: {', '.join(failed)}")
    return changed


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
