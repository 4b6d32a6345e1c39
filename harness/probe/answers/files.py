"""What the probe says of files and folders, and what it read and wrote."""

from datetime import datetime

from pydantic import Base64Bytes, Json, JsonValue

from harness.probe.answers.answer import Answer


class FileFacts(Answer):
    """One path. `error` is the Windows error that kept the probe from reading its content."""

    path: str
    exists: bool
    directory: bool | None = None
    size: int | None = None
    attributes: int | None = None
    created: datetime | None = None
    modified: datetime | None = None
    accessed: datetime | None = None
    sha256: str | None = None
    error: int | None = None
    file_version: str | None = None
    product_version: str | None = None
    owner: str | None = None
    sddl: str | None = None


class TreeEntry(Answer):
    """One file or directory below the root of a tree; `path` is relative to the root, with backslashes."""

    path: str
    directory: bool
    size: int
    attributes: int
    modified: datetime | None
    sha256: str | None = None
    error: int | None = None


class Tree(Answer):
    """A directory and everything below it. Links are listed and not followed."""

    root: str
    exists: bool
    entries: tuple[TreeEntry, ...]


class FileArrived(Answer):
    """What `wait-file` waited for."""

    path: str
    waited_ms: int
    content: Json[JsonValue]


class FileContent(Answer):
    """What `read` read: the first (with --tail the last) bytes of a file of `size` bytes."""

    path: str
    size: int
    base64: Base64Bytes


class FileWritten(Answer):
    """What `write` wrote, in bytes."""

    path: str
    size: int


class FileDeleted(Answer):
    """Whether there was a file for `delete`."""

    path: str
    existed: bool
