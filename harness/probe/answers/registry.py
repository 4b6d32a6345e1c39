"""What the probe says of registry keys, and of Add/Remove Programs, which is kept there."""

from pydantic import Base64Bytes

from harness.probe.answers.answer import Answer


class KeyFacts(Answer):
    """One registry key. `sddl` is None where the system does not show its permissions.

    `code` is the Windows error that kept it from being opened: a key that is forbidden exists.
    """

    path: str
    exists: bool
    code: int | None
    sddl: str | None


class KeyContents(Answer):
    """What is directly in one registry key: the names of its sub-keys and of its values."""

    path: str
    exists: bool
    code: int | None
    keys: tuple[str, ...]
    values: tuple[str, ...]


class ExportedValue(Answer):
    """One value as it is stored; the default value's name is empty."""

    name: str
    type: int
    base64: Base64Bytes


class ExportedKey(Answer):
    """One key of an export. `code` is the Windows error of one that refused to be read, with what is below it."""

    path: str
    code: int | None
    values: tuple[ExportedValue, ...]


class KeyExport(Answer):
    """What `export` read: a key, then each key below it. `exists` and `code` are as in `KeyFacts`."""

    path: str
    exists: bool
    code: int | None
    keys: tuple[ExportedKey, ...]


class SavedHives(Answer):
    """The files that hold HKEY_LOCAL_MACHINE and HKEY_USERS, in the system's own format."""

    machine: str
    users: str


class UninstallEntry(Answer):
    """An entry of Add/Remove Programs. `view` is `64`, `32` or `user`; `sid` only for a user's."""

    view: str
    sid: str | None
    key: str
    display_name: str | None
    display_version: str | None
    publisher: str | None
    install_location: str | None
    install_date: str | None
    uninstall_string: str | None
    quiet_uninstall_string: str | None
    windows_installer: int | None
    system_component: int | None
