"""How the candidate is installed, how a newer release takes an older one's place, what the harness adds."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.model.base import Frozen, NotEmpty, Seconds
from harness.model.candidate import InstallerKind
from harness.model.profile.text import WHOLE_PROGRAM, GuestPath, Reason, RegistryKey, Template
from harness.model.release import Downgrade

FORMS = {"REG_DWORD": re.compile(r"\d{1,10}"), "REG_BINARY": re.compile(r"(?:[0-9a-fA-F]{2})+")}
"""How the values of a type are written, where not every text is one."""
SERVICE_KEY = re.compile(r"HKLM\\SYSTEM\\CurrentControlSet\\Services\\([^\\]+)", re.IGNORECASE)


class Installer(Frozen):
    """How the candidate is installed. MSI properties may differ by scenario."""

    kind: InstallerKind = InstallerKind.MSI
    properties: dict[str, Template] = Field(default_factory=dict)
    scenario_properties: dict[str, dict[str, Template]] = Field(default_factory=dict)
    uninstall_properties: dict[str, Template] = Field(
        default_factory=dict,
        description="MSI properties that an uninstall is given, such as the password it asks for",
    )
    install_arguments: tuple[Template, ...] = Field(default=(), description="EXE installers only")
    uninstall_command: Annotated[tuple[Template, ...], WHOLE_PROGRAM] = Field(
        default=(), description="EXE installers only"
    )
    declared_version: str | None = Field(default=None, description="EXE installers only")
    unsigned: Reason | None = Field(
        default=None, description="why the installer carries no signature, e.g. a build before signing"
    )
    hidden_entry: Reason | None = Field(
        default=None,
        description="why Add/Remove Programs does not show the product (ARPSYSTEMCOMPONENT), or an EXE enters none",
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
    value: NotEmpty = Field(description="a number in decimal digits, bytes in hexadecimal ones")
    type: Literal["REG_SZ", "REG_EXPAND_SZ", "REG_DWORD", "REG_BINARY"] = "REG_SZ"

    @model_validator(mode="after")
    def _is_of_its_type(self) -> "Setting":
        if (form := FORMS.get(self.type)) is not None and not form.fullmatch(self.value):
            raise ValueError(f"{self.value!r} is no value of type {self.type}")
        return self

    @property
    def service(self) -> str:
        """The service, in lower case, whose own value it is; empty for any other."""
        found = SERVICE_KEY.fullmatch(self.key)
        return found[1].lower() if found else ""


class EditedFile(Frozen):
    """A file that customers edit, and a line that the harness adds to it as they would: an upgrade must keep it."""

    path: GuestPath
    line: NotEmpty = Field(description="without a line break; a comment, where the agent reads the file")


class Upgrade(Frozen):
    """How a newer release takes an older one's place, and what it must keep."""

    properties: dict[str, Template] = Field(
        default_factory=dict,
        description="MSI properties that an upgrade is given; none: it remembers those of the installation",
    )
    settings: tuple[Setting, ...] = ()
    edited_files: tuple[EditedFile, ...] = ()
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
