"""What the probe says of the system: release, boots, clock, variables, crashes, what waits for a boot."""

from datetime import datetime

from harness.probe.answers.answer import Answer


class Version(Answer):
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


class Boot(Answer):
    """Which boot this is: `identity` changes with every boot and with nothing else."""

    identity: str
    booted: datetime
    now: datetime
    uptime_ms: int


class Clock(Answer):
    """The guest's clock. UTC = local time + bias."""

    now: datetime
    bias_minutes: int
    time_zone: str


class ClockSet(Answer):
    """The clock before and after it was set."""

    before: datetime
    after: datetime


class Environment(Answer):
    """The probe's own environment, and what the registry keeps for the machine and the user, not expanded."""

    process: dict[str, str]
    machine: dict[str, str]
    user: dict[str, str]


class PendingRename(Answer):
    """A file operation due at the next boot; `target` is None for a deletion."""

    source: str
    target: str | None


class CrashFile(Answer):
    """A dump or an error report found in a known place."""

    kind: str
    path: str
    size: int
    modified: datetime | None


class Reach(Answer):
    """Whether an address took a connection and kept it; `code` is Winsock's error, 0 if so."""

    reached: bool
    code: int
    waited_ms: int
