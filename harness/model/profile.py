"""An agent profile: what the agent installs and how to talk to it. One file adds an agent."""

import re
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from harness.model.base import Frozen, NotEmpty, Seconds
from harness.model.candidate import InstallerKind
from harness.model.image_path import full_path, lies_below
from harness.model.profile_text import GuestPath, Pattern, RegistryKey, Template, VersionPattern
from harness.model.release import Downgrade, ReleaseName, ReleaseSource


class ProfileStatus(StrEnum):
    """Whether this project has ever run the profile."""

    EXERCISED = "exercised"
    UNVERIFIED = "unverified"


class StartType(StrEnum):
    """A service's start type, by the names `sc config` uses."""

    BOOT = "boot"
    SYSTEM = "system"
    AUTO = "auto"
    DEMAND = "demand"
    DISABLED = "disabled"


START_CODES = {
    StartType.BOOT: 0,
    StartType.SYSTEM: 1,
    StartType.AUTO: 2,
    StartType.DEMAND: 3,
    StartType.DISABLED: 4,
}
"""The `Start` values of a service's registry key."""


class SidType(StrEnum):
    """Whether a service has a SID of its own, by the names that `sc qsidtype` uses."""

    NONE = "none"
    UNRESTRICTED = "unrestricted"
    RESTRICTED = "restricted"


SID_TYPE_CODES = {SidType.NONE: 0, SidType.UNRESTRICTED: 1, SidType.RESTRICTED: 3}
"""Microsoft, "SERVICE_SID_INFO structure"."""


class ServiceExpectation(Frozen):
    """A service or driver that the installer creates. Fields left out are not checked."""

    name: NotEmpty
    display_name: str | None = None
    start: StartType | None = None
    delayed: bool | None = None
    account: str | None = None
    image_path: str | None = Field(default=None, description="the executable, without arguments or quotes")
    depends_on: tuple[str, ...] | None = None
    description: str | None = None
    recovery: tuple[Literal["restart", "reboot", "run", "none"], ...] | None = Field(
        default=None, description="failure actions in order"
    )
    failure_flag: bool | None = Field(
        default=None, description="also recover when it stops with an error and not only when it crashes"
    )
    sid_type: SidType | None = None
    running: bool = True
    start_deadline_s: Seconds = 30
    survives_restart: bool = Field(default=True, description="must come up again after stop and start")


class FileExpectation(Frozen):
    """A file that must be there after install, and gone after uninstall."""

    path: GuestPath
    version: bool = Field(default=False, description="its version resource must equal the candidate's")
    signed: bool = Field(default=False, description="must carry an intact Authenticode signature")


class AccessExpectation(Frozen):
    """Who may do what with a file or folder after install."""

    path: GuestPath
    sddl: str = Field(description="the access list in SDDL; entries in any order", pattern="^D:")


class RegistryExpectation(Frozen):
    """A registry value that must be there after install."""

    key: RegistryKey
    name: str
    equals: Template | None = None


Reason = Annotated[str, Field(min_length=10)]
"""Why the profile excuses something, in words that a release manager understands."""


class Installer(Frozen):
    """How the candidate is installed. MSI properties may differ by scenario."""

    kind: InstallerKind = InstallerKind.MSI
    properties: dict[str, Template] = Field(default_factory=dict)
    scenario_properties: dict[str, dict[str, Template]] = Field(default_factory=dict)
    install_arguments: tuple[Template, ...] = Field(default=(), description="EXE installers only")
    uninstall_command: tuple[Template, ...] = Field(default=(), description="EXE installers only")
    declared_version: str | None = Field(default=None, description="EXE installers only")
    unsigned: Reason | None = Field(
        default=None, description="why the installer carries no signature, e.g. a build before signing"
    )
    reboot_after: dict[Literal["install", "uninstall"], Reason] = Field(
        default_factory=dict,
        description="what may end with 3010 → why; the reboot it asks for is made at once",
    )
    fails_by: dict[str, Template] = Field(
        default_factory=dict,
        description="MSI properties that make it fail at its end, as WIXFAILWHENDEFERRED=1 does of WiX",
    )
    directory_property: str | None = Field(
        default=None, description="the MSI property that names another folder than `install_dir`"
    )
    timeout_s: Seconds = 300


class Setting(Frozen):
    """A value that customers set themselves, and that an upgrade must keep. The harness sets it as they would."""

    key: RegistryKey
    name: NotEmpty
    value: NotEmpty


class Upgrade(Frozen):
    """How a newer release takes an older one's place, and what it must keep."""

    properties: dict[str, Template] = Field(
        default_factory=dict,
        description="MSI properties that an upgrade is given; none: it remembers those of the installation",
    )
    settings: tuple[Setting, ...] = ()
    left_over: tuple[Setting, ...] = Field(
        default=(),
        description="values that an earlier installation may have left, and that say nothing any more",
    )
    downgrade: Downgrade | None = Field(
        default=None, description="what an older installer does on a newer release"
    )


class GuestFile(Frozen):
    """A file the harness writes in the guest before the agent is expected to check in."""

    path: GuestPath
    content: Template
    restart_service: str | None = None


class CheckIn(Frozen):
    """When the agent must be seen at its backend."""

    deadline_s: Seconds = 60
    heartbeat_s: Seconds = Field(default=60, description="a further sign of life within this time")
    requests_per_s: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=5, description="at most, while the backend answers nothing but errors"
    )
    backs_off: bool = Field(default=False, description="pauses grow while the backend fails")
    still_there_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=0, description="the last look at the agent comes no sooner than so long after it enrolled"
    )
    identity: str = Field(
        default="hostname", pattern="^(hostname|uuid)$", description="what host_identifier is made from"
    )


class Telemetry(Frozen):
    """One class of events: which rows must arrive for the harness's stimulus.

    `columns` maps a column of the row to what it must hold, with `{facts}` of the stimulus (`{nonce}`, `{pid}`,
    `{path}`, …; `STIMULUS_FACTS`); a leading `~` means *contains*. Comparison ignores case, as Windows paths do.
    """

    query: NotEmpty = Field(description="name of the scheduled query whose results carry the event")
    action: str = Field(
        default="added",
        pattern="^(added|removed|snapshot)$",
        description="snapshot: of a query whose results are sent whole, as it is of one that is scheduled so",
    )
    columns: dict[str, Pattern] = Field(min_length=1)
    deadline_s: Seconds = 30
    may_repeat: bool | None = Field(
        default=None,
        description="one change may lead to several equal rows; by default only so of file_change, whose notices repeat",
    )
    longest: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="how many characters of a command line or value it reports by design; by default all",
    )


class FurtherQuery(Frozen):
    """A distributed query, and what one of its rows must hold."""

    sql: NotEmpty
    expect: dict[str, Template] = Field(default_factory=dict)
    rows_at_least: Annotated[int, Field(ge=1)] = Field(
        default=1, description="fewer rows are an answer that was cut off"
    )


class LiveQuery(Frozen):
    """A distributed query and what its first row must hold; then what else is asked."""

    sql: NotEmpty
    expect: dict[str, Template]
    deadline_s: Seconds = 30
    invalid: str = Field(
        default="",
        description="a query that the agent cannot answer, and after which it must go on answering",
    )
    then: tuple[FurtherQuery, ...] = Field(
        default=(), description="queries with another answer, asked after it: each must be answered anew"
    )


class ConfigurationPush(Frozen):
    """Configuration pushed by the backend.

    `base` is in force from the start. `changed` must take effect: a result of query `effect_query` must arrive.
    Each of `invalid` must be refused, reported in a status line containing `refusal_contains`, and leave the last good
    one in force.
    """

    base: dict[str, Any]
    changed: dict[str, Any] | None = None
    effect_query: str = ""
    invalid: dict[str, str] = Field(
        default_factory=dict, description="name → raw text sent as the configuration"
    )
    refusal_contains: str = ""
    deadline_s: Seconds = 30

    def sends_whole(self, query: str) -> bool:
        """Whether `base`, if it has osquery's form, schedules this query as a snapshot (osquery, "Configuration")."""
        schedule = self.base.get("schedule")
        scheduled = schedule.get(query) if isinstance(schedule, dict) else None
        return isinstance(scheduled, dict) and scheduled.get("snapshot") is True


class ResponseAction(Frozen):
    """An action that the backend asks for by configuration, and the status line that confirms it."""

    configuration: dict[str, Any]
    status_contains: str
    deadline_s: Seconds = 30


class Keep(Frozen):
    """Something that may stay after uninstall, and why. `path` may hold `*`, `?` and `[…]`; see `covers`."""

    kind: Literal["file", "registry", "service", "task", "user", "variable"]
    path: NotEmpty
    reason: str = Field(min_length=10)

    def covers(self, name: str) -> bool:
        """Whether `name` is this, or lies below it: who may keep a folder may keep what is in it."""
        name, pattern = name.lower(), self.path.lower()
        return fnmatchcase(name, pattern) or fnmatchcase(name, pattern.rstrip("\\") + "\\*")


class SecretPlace(Frozen):
    r"""Where the agent may keep a secret that it was given. `path` may hold `*`, `?` and `[…]`.

    A registry value is `KEY\\NAME`. What lies below a folder or key that is named may hold it too.
    """

    kind: Literal["file", "registry"]
    path: NotEmpty
    reason: Reason
    readable_by_users: bool = Field(
        default=False, description="ordinary users may read it, for the reason given; else they must not"
    )

    def covers(self, name: str) -> bool:
        """Whether `name` is this place, or lies below it."""
        name, pattern = name.lower(), self.path.lower()
        return fnmatchcase(name, pattern) or fnmatchcase(name, pattern.rstrip("\\") + "\\*")


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


class HealthBudget(Frozen):
    """What the agent with all that it started may take, looked at after use."""

    memory_mb: Annotated[float, Field(gt=0)] = Field(default=512, description="working sets together")
    threads: Annotated[int, Field(gt=0)] = 200
    processes: Annotated[int, Field(gt=0)] = 20
    handles: Annotated[int, Field(gt=0)] = 10_000
    connections: Annotated[int, Field(gt=0)] = Field(default=100, description="TCP connections of its own")
    cpu_percent: Annotated[float, Field(gt=0)] = Field(
        default=50, description="of one processor, on the average since its start"
    )
    data_mb: Annotated[float, Field(gt=0)] = Field(default=256, description="in `data_dirs`")
    growth_mb: Annotated[float, Field(gt=0)] = Field(
        default=256, description="by which memory or `data_dirs` may grow in a minute of use"
    )
    growth_threads: Annotated[int, Field(gt=0)] = Field(
        default=100, description="by which its threads may become more in a minute of use"
    )
    soak_growth_mb: Annotated[float, Field(gt=0)] = Field(
        default=128, description="by which memory or `data_dirs` may grow in a whole soak"
    )
    restarts: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="how often its services may start anew without being asked to, seen in one cell",
    )
    times_before: Annotated[float, Field(ge=1)] = Field(
        default=2,
        description="how many times what the earlier release took, after an upgrade that keeps `footprint`",
    )
    log_lines: Annotated[int, Field(gt=0)] = Field(
        default=3000, description="by which its `logs` together may become longer in a minute of use"
    )
    error_pattern: Annotated[str, AfterValidator(_regular_expression)] = Field(
        default=r"\b(?:ERROR|FATAL|CRITICAL|PANIC)\b",
        description="regular expression that finds an error in a line of one of `logs`",
    )


class AgentProfile(Frozen):
    """`agents/<name>.yaml`."""

    schema_version: int = Field(default=1, ge=1, le=1)
    name: str = Field(pattern="^[a-z][a-z0-9-]*$")
    title: NotEmpty
    status: ProfileStatus
    product_name: NotEmpty = Field(description="DisplayName in the Uninstall key")
    platform: str = "x64"
    installer: Installer = Installer()
    install_dir: GuestPath
    data_dirs: tuple[GuestPath, ...] = ()
    services: tuple[ServiceExpectation, ...] = Field(
        default=(), description="none for an agent that is a driver, a task or a plain program"
    )
    drivers: tuple[ServiceExpectation, ...] = ()
    files: tuple[FileExpectation, ...] = ()
    closed_folders: bool = Field(
        default=False,
        description="ordinary users may not even create in installed folders, as those below ProgramData inherit it",
    )
    access: tuple[AccessExpectation, ...] = Field(
        default=(), description="access lists, e.g. of `install_dir` and `data_dirs`"
    )
    unsigned_programs: dict[str, Reason] = Field(
        default_factory=dict,
        description="name of a program in the installer that has no signature → why; may hold `*`, `?` and `[…]`",
    )
    not_in_msi: dict[str, Reason] = Field(
        default_factory=dict,
        description="what this profile names and the MSI's tables do not have, as it is written here → why",
    )
    not_by_rule: dict[str, Reason] = Field(
        default_factory=dict, description="rule that the MSI's tables may break (`bvt inspect`) → why"
    )
    registry: tuple[RegistryExpectation, ...] = ()
    registry_roots: tuple[RegistryKey, ...] = Field(
        default=(), description="keys that must be gone after uninstall"
    )
    guest_files: tuple[GuestFile, ...] = ()
    version_command: tuple[str, ...] = Field(default=(), description="prints the running version")
    version_pattern: VersionPattern | None = Field(
        default=None,
        description="regular expression whose group holds the version in what version_command prints",
    )
    diagnostics: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=dict, description="name → command, run on failure"
    )
    logs: tuple[str, ...] = Field(default=(), description="guest paths collected as evidence")
    check_in: CheckIn = CheckIn()
    health: HealthBudget = HealthBudget()
    settle_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=0,
        description="what the uninstall leaves to be cleaned up in the background is gone within this time",
    )
    reboot_deadline_s: Seconds = Field(default=300, description="the guest is back and steady by then")
    configuration: ConfigurationPush | None = None
    telemetry: dict[str, Telemetry] = Field(default_factory=dict)
    live_query: LiveQuery | None = None
    response_actions: dict[str, ResponseAction] = Field(default_factory=dict)
    keeps: tuple[Keep, ...] = ()
    secrets: tuple[SecretPlace, ...] = Field(
        default=(), description="where enrolment secret and node key may lie; anywhere else they are found"
    )
    releases: dict[ReleaseName, ReleaseSource] = Field(
        default_factory=dict, description="where earlier releases are found"
    )
    upgrade: Upgrade = Upgrade()

    def why_unsigned(self, program: str) -> str | None:
        """Why a program of this name may have no signature; None if it must have one."""
        name = program.lower()
        reasons = self.unsigned_programs.items()
        return next((reason for pattern, reason in reasons if fnmatchcase(name, pattern.lower())), None)

    def owns(self, path: str) -> bool:
        """Whether `path` lies in one of the agent's folders or is one of its declared files."""
        path = full_path(path)  # of a process it is what it was started by: maybe a short name
        below = any(lies_below(path, folder) for folder in (self.install_dir, *self.data_dirs))
        return below or path.lower() in {file.path.lower() for file in self.files}

    @field_validator("telemetry")
    @classmethod
    def _known_stimuli(cls, value: dict[str, Telemetry], info: ValidationInfo) -> dict[str, Telemetry]:
        unknown = sorted(set(value) - set(STIMULI))
        if unknown:
            raise ValueError(f"unknown stimulus {unknown[0]!r}; known are {', '.join(STIMULI)}")
        pushed = info.data.get("configuration")
        return {
            name: each.model_copy(update={"action": "snapshot"})
            if pushed and "action" not in each.model_fields_set and pushed.sends_whole(each.query)
            else each
            for name, each in value.items()
        }


STIMULUS_FACTS: dict[str, frozenset[str]] = {
    "process_start": frozenset({"nonce", "pid", "path", "cmdline"}),
    "connection": frozenset({"nonce", "pid", "local_port", "remote_address", "remote_port"}),
    "listening_port": frozenset({"nonce", "pid", "port", "address"}),
    "service": frozenset({"nonce", "name", "display_name", "path"}),
    "file_change": frozenset({"nonce", "path"}),
    "registry_change": frozenset({"nonce", "key", "name", "data"}),
    "scheduled_task": frozenset({"nonce", "name", "path"}),
    "user": frozenset({"nonce", "name"}),
    "group": frozenset({"nonce", "name"}),
    "permission": frozenset({"nonce", "path"}),
    "firewall_rule": frozenset({"nonce", "name"}),
}
"""What the guest probe can do to provoke telemetry, and the facts that it gives of each."""

COMMON_FACTS: dict[str, frozenset[str]] = {
    "process_start": frozenset({"path"}),  # the probe's own
    "connection": frozenset({"remote_address"}),
    "listening_port": frozenset({"address"}),
    "service": frozenset({"path"}),  # the probe's own
    "registry_change": frozenset({"key"}),
}
"""Facts that are the same every time: a row with nothing else may be there without its stimulus."""

STIMULI = tuple(STIMULUS_FACTS)
