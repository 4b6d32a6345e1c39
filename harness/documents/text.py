"""A file's text: read whole, of a reasonable size, in UTF-8. Every mistake is one sentence."""

import stat
from pathlib import Path

from harness.model.errors import ConfigurationError

MAX_SIZE = 4 * 1024 * 1024


def read(path: Path) -> bytes:
    """The file's bytes. Raises `ConfigurationError` if it cannot be read or is unreasonably large."""
    try:
        if _waits_for_a_writer(path):
            raise ConfigurationError("this is no ordinary file.", file=str(path), hint="Save it as one.")
        with path.open("rb") as file:
            raw = file.read(MAX_SIZE + 1)  # a device says that its size is zero
    except FileNotFoundError:
        raise ConfigurationError("there is no such file.", file=str(path)) from None
    except IsADirectoryError:
        raise ConfigurationError("this is a directory, not a file.", file=str(path)) from None
    except OSError as error:
        raise ConfigurationError(f"the file cannot be read: {error.strerror}.", file=str(path)) from None
    except ValueError as error:  # a NUL in its name
        raise ConfigurationError(f"the file cannot be read: {error}.", file=str(path)) from None
    if len(raw) > MAX_SIZE:
        raise ConfigurationError(f"the file is larger than {MAX_SIZE} bytes.", file=str(path))
    return raw


def _waits_for_a_writer(path: Path) -> bool:
    """Whether this is a named pipe, which is opened once somebody writes. One without a name (`<(…)`) has its writer."""
    return stat.S_ISFIFO(path.stat().st_mode) and path.resolve().exists()


def decode(raw: bytes, path: Path) -> str:
    """The text, without a byte order mark. Raises `ConfigurationError` with the line that is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            "the file is not UTF-8.", file=str(path), line=line, hint="Save it with that encoding."
        ) from None
