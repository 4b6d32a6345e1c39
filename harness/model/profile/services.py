"""Services and drivers that an agent brings."""

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from harness.model.base import Frozen, NotEmpty, Seconds


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


DELAYED_S = 180.0
"""How much later than others a service with a delayed start may run after a boot.

Windows waits 120 s once the others were started (`AutoStartDelay`), and then starts one after the other.
"""


SUFFIX = r"\.(?:exe|com|bat|cmd|sys|dll)"
WITH_ARGUMENTS = re.compile(
    rf"(?P<program>.*?{SUFFIX})\s+(?:[-/]\S.*|(?!.*\\.*{SUFFIX}$).+)", re.IGNORECASE | re.DOTALL
)
"""A command line whose program is not in quotes. A folder may be named like a program (`C:\\Acme.com Tools\\a.exe`)."""


def _program_alone(text: str) -> str:
    """The text, if it is no command line, such as `sc qc` shows. Raises `ValueError` with the program in it."""
    quoted = re.match(r'\s*"(?P<program>[^"]*)"', text)
    found = quoted or WITH_ARGUMENTS.fullmatch(text)
    if found or '"' in text:
        program = f": {found['program']}" if found else ""
        raise ValueError(
            f"'{text}' is a command line; name the program alone, without quotes and arguments{program}"
        )
    return text


class ServiceExpectation(Frozen):
    """A service or driver that the installer creates. Fields left out are not checked."""

    name: NotEmpty
    display_name: str | None = None
    start: StartType | None = None
    delayed: bool | None = None
    account: str | None = None
    image_path: Annotated[str, AfterValidator(_program_alone)] | None = Field(
        default=None, description="the executable, without arguments or quotes"
    )
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

    def starts_within(self, *, after_boot: bool, delayed: bool | None) -> float:
        """Seconds until it must run. `delayed`: what the guest says of its start, where the profile says nothing."""
        is_delayed = self.delayed if self.delayed is not None else delayed
        return self.start_deadline_s + (DELAYED_S if after_boot and is_delayed else 0)
