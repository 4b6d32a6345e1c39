"""Files on the host: written whole or not at all, told apart by their SHA-256, and really files where one was named."""

import errno
import hashlib
import os
import secrets
import stat
from pathlib import Path

from harness.model.errors import ConfigurationError


def write_atomically(path: Path, content: str | bytes, *, mode: int = 0o644) -> Path:
    """Write to a temporary name in the same folder, then rename: no reader and no killed run ever sees half a file.

    Text becomes UTF-8. Missing folders are made. `mode` holds from the first byte on, less the umask. Returns `path`.
    What is no ordinary file (`/dev/stdout`, a pipe, `/dev/null`) is written into, and stays what it is.
    Raises `OSError`; what was at `path` is then still there.
    """
    if _takes_what_is_written(path):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path
    if path.is_dir():  # a rename would fail, too, and name the temporary file
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    data = content.encode() if isinstance(content, str) else content
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError as error:
        if error.filename in (None, str(temporary)):  # a write names no file, and nobody knows the other name
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _takes_what_is_written(path: Path) -> bool:
    """Whether this is a device or a pipe. To root a rename over `/dev/null` is permitted, and ends it for everybody."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def write_once(path: Path, content: str, *, mode: int = 0o644) -> str:
    """Write a file unless there is one, and return what is in it: of several that write at once all return the same.

    Raises `OSError`.
    """
    if not path.exists():
        temporary = write_atomically(
            path.with_name(f".{path.name}.{secrets.token_hex(4)}"), content, mode=mode
        )
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # another was first
        finally:
            temporary.unlink()
    return path.read_text(encoding="utf-8")


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal, read in pieces so that its size does not matter. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def named_file(path: Path, key: str = "") -> Path:
    """`path`, if it is a file (or a block device) that can be read. Raises `ConfigurationError`: the user named it."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise ConfigurationError("there is no such file.", file=str(path), key=key) from None
    except OSError as error:
        raise ConfigurationError(f"it cannot be read: {error.strerror}.", file=str(path), key=key) from None
    if stat.S_ISDIR(mode):
        raise ConfigurationError("this is a directory, not a file.", file=str(path), key=key)
    if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
        raise ConfigurationError("this is no ordinary file.", file=str(path), key=key)
    if not os.access(path, os.R_OK):
        raise ConfigurationError("it may not be read.", file=str(path), key=key)
    return path


def require_no_pipes(folder: Path) -> None:
    """Raise `ConfigurationError` for a pipe, socket or device right in `folder`: whoever opens one may wait for ever.

    A folder that is not there, or may not be looked at, holds none; who reads it says so.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for path in entries:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise ConfigurationError(
                "this is no ordinary file.",
                file=str(path),
                hint="Remove it: nothing of a run is kept in one.",
            )


def require_folder(path: Path) -> None:
    """Raise `ConfigurationError` if something else than a folder is where one is to be."""
    if os.path.lexists(path) and not path.is_dir():
        raise ConfigurationError(
            "this is no directory.", file=str(path), hint="Remove it: a run has a directory of that name."
        )
