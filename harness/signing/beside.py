"""What lies beside a candidate, by digest: an MSI may install from more than itself."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from harness.files import sha256_of


class FilesBeside(Mapping[str, str]):
    """SHA-256 by name (with `/`) of the files in a folder, read when asked for. What cannot be read is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> str:
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or "\0" in name:
            raise KeyError(name)
        try:
            return sha256_of(self._folder / relative)
        except OSError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        files = (path for path in self._folder.rglob("*") if path.is_file())
        return (path.relative_to(self._folder).as_posix() for path in files)

    def __len__(self) -> int:
        return sum(1 for _ in self)
