"""An agent profile: what the agent installs and how to talk to it. One file adds an agent."""

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from harness.model.base import Frozen, NotEmpty, Seconds
from harness.model.image_path import full_path, lies_below
from harness.model.profile.backend import CheckIn, ConfigurationPush, LiveQuery, ResponseAction, Telemetry
from harness.model.profile.health import HealthBudget
from harness.model.profile.installed import AccessExpectation, FileExpectation, RegistryExpectation
from harness.model.profile.installer import GuestFile, Installer, Upgrade
from harness.model.profile.places import Keep, OpenPort, SecretPlace
from harness.model.profile.services import ServiceExpectation
from harness.model.profile.stimuli import STIMULI
from harness.model.profile.text import (
    WHOLE_PROGRAM,
    GuestPath,
    GuestPattern,
    Reason,
    RegistryKey,
    VersionPattern,
)
from harness.model.release import ReleaseName, ReleaseSource


class ProfileStatus(StrEnum):
    """Whether this project has ever run the profile."""

    EXERCISED = "exercised"
    UNVERIFIED = "unverified"


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
    odd_files: dict[str, Reason] = Field(
        default_factory=dict,
        description="names of files in the installer that may be empty, all zeros, or hold a private key",
    )
    unsigned_programs: dict[str, Reason] = Field(
        default_factory=dict,
        description="name of a program in the installer that has no signature → why; may hold `*`, `?` and `[…]`",
    )
    brought_by_others: dict[str, Reason] = Field(
        default_factory=dict,
        description="library that programs of the installer need and another installer brings → why; may hold `*`",
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
    version_command: Annotated[tuple[str, ...], WHOLE_PROGRAM] = Field(
        default=(), description="prints the running version"
    )
    version_pattern: VersionPattern | None = Field(
        default=None,
        description="regular expression whose group holds the version in what version_command prints",
    )
    diagnostics: dict[str, Annotated[tuple[str, ...], Field(min_length=1), WHOLE_PROGRAM]] = Field(
        default_factory=dict, description="name → command, run on failure"
    )
    logs: tuple[GuestPattern, ...] = Field(default=(), description="guest paths collected as evidence")
    check_in: CheckIn = CheckIn()
    health: HealthBudget = HealthBudget()
    settle_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=0,
        description="what the uninstall leaves to be cleaned up in the background is gone within this time",
    )
    outlives_zeros: tuple[GuestPath, ...] = Field(
        default=(),
        description="files of its data without whose content it starts and is heard; dirt `zeroed-data` empties them",
    )
    reboot_deadline_s: Seconds = Field(default=300, description="the guest is back and steady by then")
    configuration: ConfigurationPush | None = None
    telemetry: dict[str, Telemetry] = Field(default_factory=dict)
    live_query: LiveQuery | None = None
    response_actions: dict[str, ResponseAction] = Field(default_factory=dict)
    keeps: tuple[Keep, ...] = ()
    open_ports: tuple[OpenPort, ...] = Field(
        default=(), description="on which it listens for other hosts; all others are on loopback only"
    )
    secrets: tuple[SecretPlace, ...] = Field(
        default=(), description="where enrolment secret and node key may lie; anywhere else they are found"
    )
    releases: dict[ReleaseName, ReleaseSource] = Field(
        default_factory=dict, description="where earlier releases are found"
    )
    upgrade: Upgrade = Upgrade()

    def why_unsigned(self, program: str) -> str | None:
        """Why a program of this name may have no signature; None if it must have one."""
        return _reason_for(program, self.unsigned_programs)

    def why_brought(self, library: str) -> str | None:
        """Why the installer need not hold a library of this name; None if it must."""
        return _reason_for(library, self.brought_by_others)

    def why_odd(self, file: str) -> str | None:
        """Why a file of this name may hold what no file should; None if it must not."""
        return _reason_for(file, self.odd_files)

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


def _reason_for(name: str, reasons: Mapping[str, str]) -> str | None:
    plain = name.lower()
    return next((why for pattern, why in reasons.items() if fnmatchcase(plain, pattern.lower())), None)
