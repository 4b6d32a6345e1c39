"""Files that the harness itself writes in the guest, taken away again before anyone looks for residue."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import PureWindowsPath

from harness.guest.guest import Guest
from harness.model.errors import GuestFault

RMDIR_S = 30.0

STOP_S = 60.0
"""How long a service may take to stop, or to start, around a file that the harness writes."""


class WrittenFiles:
    """Remembers what it wrote. What the candidate brought is left alone: it stays the candidate's residue."""

    def __init__(self) -> None:
        self._files: list[str] = []
        self._new_folders: list[str] = []

    def look_before(self, guest: Guest, paths: Sequence[str]) -> None:
        """Find the folders of `paths` that are not there before the candidate is."""
        folders = list(dict.fromkeys(folder for path in paths for folder in _above(path)))
        found = zip(folders, guest.files(*folders), strict=True)
        self._new_folders = [folder for folder, facts in found if not facts.exists]

    def write(self, guest: Guest, path: str, data: bytes) -> None:
        """Write a file. One that was there is the candidate's, even with another content."""
        (found,) = guest.files(path)
        if not found.exists:
            self._files.append(path)
        guest.write_file(path, data)

    def take_away(self, guest: Guest) -> None:
        """Delete what was written, and new folders that are empty then: an installer leaves those that hold a file.

        A file that something still holds open stays; so does its folder.
        """
        written, self._files = self._files, []
        for path in written:
            with suppress(GuestFault):  # the transcript says it
                guest.delete(path)
        holding = {folder for path in written for folder in _above(path)}
        for folder in sorted(holding.intersection(self._new_folders), key=len, reverse=True):
            guest.run(["rmdir", folder], timeout_s=RMDIR_S, shell=True)  # noqa: S604 - cmd's own; only an empty one


def _above(path: str) -> Iterable[str]:
    """The folders that lead to a file, without the drive."""
    return [str(folder) for folder in PureWindowsPath(path).parents if folder.name]
