"""Changes to the tested surface as data. Script, answer file and manifest are all made from these entries."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.guest.command_line import quote
from harness.model.base import Frozen


class RegistryType(StrEnum):
    """The types that `reg add` writes and recipes need."""

    DWORD = "REG_DWORD"
    TEXT = "REG_SZ"
    EXPANDED = "REG_EXPAND_SZ"


class RegistryChange(Frozen):
    """One registry value; an empty name is the key's default value."""

    kind: Literal["registry"]
    key: str = Field(pattern=r"^(HKLM|HKCU)\\[^\r\n\t]+[^\\\r\n\t]$")
    name: str = Field(pattern=r"^[^\r\n]*$")
    type: RegistryType = RegistryType.DWORD
    data: int | str

    @model_validator(mode="after")
    def _fits(self) -> "RegistryChange":
        if (self.type is RegistryType.DWORD) != isinstance(self.data, int):
            raise ValueError(f"{self.name}: {self.type} does not hold {self.data!r}")
        if isinstance(self.data, int) and not 0 <= self.data < 1 << 32:
            raise ValueError(f"{self.name}: {self.data} is not a DWORD")
        return self


class ServiceChange(Frozen):
    """How a service starts (`sc.exe config`)."""

    kind: Literal["service"]
    service: str = Field(pattern="^[A-Za-z0-9._-]+$")
    start: Literal["auto", "demand", "disabled"]


class TaskChange(Frozen):
    """A scheduled task that is switched off (`schtasks /Change /Disable`)."""

    kind: Literal["task"]
    task: str = Field(pattern=r"^\\[^\r\n\"]+$")


class CommandChange(Frozen):
    """A program of Windows' own that changes a setting no registry value stands for."""

    kind: Literal["command"]
    program: str = Field(pattern=r"^[a-z0-9-]+\.exe$")
    arguments: tuple[str, ...] = Field(min_length=1)


class WsManChange(Frozen):
    r"""A value under `WSMan:\localhost` (Microsoft, "about_WSMan_Provider")."""

    kind: Literal["wsman"]
    path: str = Field(pattern=r"^[A-Za-z]+(\\[A-Za-z]+)*$")
    data: int | bool


class AnswerChange(Frozen):
    """A setting of the answer file, by pass, component and path (Microsoft, "Unattended Windows Setup Reference")."""

    kind: Literal["answer"]
    during: Literal["specialize", "oobeSystem"]
    component: str = Field(pattern="^Microsoft-Windows-[A-Za-z0-9-]+$")
    path: str = Field(pattern="^[A-Za-z]+(/[A-Za-z]+)*$")
    data: str


class Step(StrEnum):
    """What the script does beyond single values. Each is written out in the script's template, and only there."""

    PUBLISHER = "publisher"
    PROBE_PUBLISHER = "probe-publisher"
    DRIVERS = "drivers"
    GUEST_AGENT = "guest-agent"
    PRIVATE_NETWORKS = "private-networks"
    CERTIFICATE = "certificate"
    LISTENER = "listener"
    ACCOUNT = "account"  # done by the answer file
    CLEANUP = "cleanup"


class StepChange(Frozen):
    """One of the steps above."""

    kind: Literal["step"]
    step: Step


Value = Annotated[
    RegistryChange | ServiceChange | TaskChange | CommandChange | WsManChange | AnswerChange | StepChange,
    Field(discriminator="kind"),
]


class SurfaceChange(Frozen):
    """One difference between the image and what Setup alone would have made."""

    what: str = Field(min_length=4)
    why: str = Field(min_length=4)
    value: Value
    optional: bool = Field(
        default=False, description="the thing may be absent in some editions; then skipped"
    )
    early: bool = Field(default=False, description="a registry value that Setup itself must already find")

    @model_validator(mode="after")
    def _early_is_registry(self) -> "SurfaceChange":
        if self.early and not isinstance(self.value, RegistryChange):
            raise ValueError("only a registry value can be set early, in the specialize pass")
        return self

    @property
    def sentence(self) -> str:
        """For the manifest."""
        return f"{self.what} [{shown(self.value)}]: {self.why}."


class NativeCommand(Frozen):
    """A program with its command line, quoted on the host so that no shell in the guest has a say in it."""

    program: str
    arguments: str
    accept: tuple[int, ...] = (0,)


SERVICE_DOES_NOT_EXIST = 1060
TASK_NOT_FOUND = 1


def native(change: SurfaceChange) -> NativeCommand | None:
    """The program that makes a change; None for one that no program makes."""
    value = change.value
    accept: tuple[int, ...] = (0,)
    match value:
        case RegistryChange():
            name = ["/v", value.name] if value.name else ["/ve"]
            arguments = ["add", value.key, *name, "/t", value.type.value, "/d", str(value.data), "/f"]
            program = "reg.exe"
        case ServiceChange():
            program, arguments = "sc.exe", ["config", value.service, "start=", value.start]
            accept = (0, SERVICE_DOES_NOT_EXIST) if change.optional else (0,)
        case TaskChange():
            program, arguments = "schtasks.exe", ["/Change", "/TN", value.task, "/Disable"]
            accept = (0, TASK_NOT_FOUND) if change.optional else (0,)
        case CommandChange():
            program, arguments = value.program, list(value.arguments)
            accept = (0, 1) if change.optional else (0,)
        case _:
            return None
    return NativeCommand(program=program, arguments=" ".join(map(quote, arguments)), accept=accept)


def shown(value: Value) -> str:
    """A change's value in one line."""
    match value:
        case RegistryChange():
            return f"{value.key}\\{value.name or '(default)'} = {value.type.value} {value.data}"
        case ServiceChange():
            return f"service {value.service} start = {value.start}"
        case TaskChange():
            return f"task {value.task} disabled"
        case CommandChange():
            return " ".join([value.program, *map(quote, value.arguments)])
        case WsManChange():
            return f"WSMan:\\localhost\\{value.path} = {value.data}"
        case AnswerChange():
            return f"{value.during}: {value.component}/{value.path} = {value.data}"
        case StepChange():
            return f"step {value.step.value}"
