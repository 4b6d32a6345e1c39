"""What the guest probe answers, as typed data. docs/formats/probe.md explains every command.

`None` means the system has no answer there, which is a fact of its own: Wine, for one, stores no failure
actions. Times are aware datetimes in UTC. Keys this version does not know are ignored, so the answer of a
newer probe can be read too.
"""

from datetime import datetime

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, Json, JsonValue


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Version(_Answer):
    """Which system this is. `wine` is Wine's version, or None on Windows."""

    major: int
    minor: int
    build: int
    service_pack: str
    product_type_number: int
    architecture: int
    product_name: str | None
    display_version: str | None
    release_id: str | None
    edition: str | None
    current_build: str | None
    revision: int | None
    installation_type: str | None
    product_type: str | None
    machine_guid: str | None
    computer_name: str | None
    wine: str | None


class Boot(_Answer):
    """Which boot this is: `identity` changes with every boot and with nothing else."""

    identity: str
    booted: datetime
    now: datetime
    uptime_ms: int


class Process(_Answer):
    """One process. `path`, `command_line` and `started` are None where the system refuses to say."""

    pid: int
    ppid: int
    name: str
    path: str | None
    command_line: str | None
    started: datetime | None
    session: int | None
    threads: int
    working_set: int | None = None
    cpu_ms: int | None = None
    """Of all its threads since its start; None where the system does not tell, as Wine."""
    handles: int | None = None


class Socket(_Answer):
    """One TCP or UDP endpoint. `state` is None for UDP; `pid` is None where the owner is unknown."""

    protocol: str
    local_address: str
    local_port: int
    remote_address: str | None
    remote_port: int | None
    state: str | None
    pid: int | None


class FailureAction(_Answer):
    """One step of a service's recovery. Kind: 0 none, 1 restart, 2 reboot, 3 run command."""

    kind: int
    delay_ms: int


class FailureActions(_Answer):
    """A service's recovery ("SERVICE_FAILURE_ACTIONSW structure")."""

    reset_period_s: int
    reboot_message: str | None
    command: str | None
    actions: tuple[FailureAction, ...]


class ServiceByManager(_Answer):
    """What the service control manager says of a service. Numbers are those of the API."""

    service_type: int
    state: int
    controls_accepted: int
    win32_exit_code: int
    service_exit_code: int
    pid: int
    pid_alive: bool | None
    start: int | None
    error_control: int | None
    image_path: str | None
    load_order_group: str | None
    dependencies: tuple[str, ...] | None
    account: str | None
    display_name: str | None
    description: str | None
    delayed_start: bool | None
    failure_actions: FailureActions | None
    failure_flag: bool | None
    sid_type: int | None
    sddl: str | None


class ServiceByRegistry(_Answer):
    r"""What is stored under `Services\NAME`, unchanged. A REG_BINARY value is hexadecimal text."""

    service_type: int | None
    start: int | None
    error_control: int | None
    image_path: str | None
    group: str | None
    object_name: str | None
    display_name: str | None
    description: str | None
    depend_on_service: tuple[str, ...] | None
    delayed_autostart: int | None
    failure_actions: str | None
    failure_actions_on_non_crash: int | None
    service_sid_type: int | None
    delete_flag: int | None


class Service(_Answer):
    """A service or driver, by the manager and by the registry: either can know it alone."""

    name: str
    manager: ServiceByManager | None
    registry: ServiceByRegistry | None


class FileFacts(_Answer):
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


class KeyFacts(_Answer):
    """One registry key. `sddl` is None where the system does not show its permissions.

    `code` is the Windows error that kept it from being opened: a key that is forbidden exists.
    """

    path: str
    exists: bool
    code: int | None
    sddl: str | None


class KeyContents(_Answer):
    """What is directly in one registry key: the names of its sub-keys and of its values."""

    path: str
    exists: bool
    code: int | None
    keys: tuple[str, ...]
    values: tuple[str, ...]


class ExportedValue(_Answer):
    """One value as it is stored; the default value's name is empty."""

    name: str
    type: int
    base64: Base64Bytes


class ExportedKey(_Answer):
    """One key of an export. `code` is the Windows error of one that refused to be read, with what is below it."""

    path: str
    code: int | None
    values: tuple[ExportedValue, ...]


class KeyExport(_Answer):
    """What `export` read: a key, then each key below it. `exists` and `code` are as in `KeyFacts`."""

    path: str
    exists: bool
    code: int | None
    keys: tuple[ExportedKey, ...]


class TreeEntry(_Answer):
    """One file or directory below the root of a tree; `path` is relative to the root, with backslashes."""

    path: str
    directory: bool
    size: int
    attributes: int
    modified: datetime | None
    sha256: str | None = None
    error: int | None = None


class Tree(_Answer):
    """A directory and everything below it. Links are listed and not followed."""

    root: str
    exists: bool
    entries: tuple[TreeEntry, ...]


class Task(_Answer):
    r"""A scheduled task: its file under `system32\tasks`, its registration in TaskCache, or both."""

    name: str
    file: str | None
    modified: datetime | None
    identifier: str | None


class User(_Answer):
    """A local account. `flags` are those of "USER_INFO_1 structure"; 2 is disabled."""

    name: str
    comment: str | None
    flags: int
    privilege: int
    sid: str | None


class Group(_Answer):
    """A local group; `members` is None where the system does not say."""

    name: str
    comment: str | None
    members: tuple[str, ...] | None


class Environment(_Answer):
    """The probe's own environment, and what the registry keeps for the machine and the user, not expanded."""

    process: dict[str, str]
    machine: dict[str, str]
    user: dict[str, str]


class PendingRename(_Answer):
    """A file operation due at the next boot; `target` is None for a deletion."""

    source: str
    target: str | None


class UninstallEntry(_Answer):
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


class CrashFile(_Answer):
    """A dump or an error report found in a known place."""

    kind: str
    path: str
    size: int
    modified: datetime | None


class Clock(_Answer):
    """The guest's clock. UTC = local time + bias."""

    now: datetime
    bias_minutes: int
    time_zone: str


class ClockSet(_Answer):
    """The clock before and after it was set."""

    before: datetime
    after: datetime


class Reach(_Answer):
    """Whether an address took a connection and kept it; `code` is Winsock's error, 0 if so."""

    reached: bool
    code: int
    waited_ms: int


class SavedHives(_Answer):
    """The files that hold HKEY_LOCAL_MACHINE and HKEY_USERS, in the system's own format."""

    machine: str
    users: str


class Child(_Answer):
    """A program of the tree that `run --tree` awaited after the first one's end. Not `ended`: ended by the probe."""

    pid: int
    path: str
    exit_code: int
    ended: bool


class Finished(_Answer):
    """How a program ended that `run` or `exec` started: its result file, or the answer without --detach."""

    exit_code: int
    pid: int | None = None
    timed_out: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    error: str | None = None
    code: int | None = None
    children: tuple[Child, ...] = ()


class Detached(_Answer):
    """A program that `run --detach` left running. `task` names the scheduled task of --as-system."""

    pid: int | None
    started: datetime
    task: str | None = None


class FileArrived(_Answer):
    """What `wait-file` waited for."""

    path: str
    waited_ms: int
    content: Json[JsonValue]


class FileContent(_Answer):
    """What `read` read: the first (with --tail the last) bytes of a file of `size` bytes."""

    path: str
    size: int
    base64: Base64Bytes


class FileWritten(_Answer):
    """What `write` wrote, in bytes."""

    path: str
    size: int


class FileDeleted(_Answer):
    """Whether there was a file for `delete`."""

    path: str
    existed: bool


class SecretFound(_Answer):
    """One text that `search` found. `name` is the registry value's; None for a file, or where a name itself holds it.

    `needle` is the number of the text's line in the input, from 0.
    """

    place: str
    name: str | None
    needle: int
    offset: int


class Searched(_Answer):
    """What `search` found, in how many files and keys, and how many files it could not open."""

    found: tuple[SecretFound, ...]
    searched: int
    unreadable: int


class Stimulus(_Answer):
    """What a stimulus did, as facts to find again in telemetry."""

    name: str
    nonce: str
    facts: dict[str, str] = Field(default_factory=dict)
