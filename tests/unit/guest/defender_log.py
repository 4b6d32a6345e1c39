"""Defender's log as a Windows has it; the shape of an event is recorded in tests/recorded/windows_said.yaml."""

from typing import Any, cast

from harness.guest.event_log import CHANNEL_NOT_FOUND
from harness.guest.facts import CommandResult
from harness.guest.guest import Guest

EVENT = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name='Microsoft-Windows-Windows Defender'/><EventID>{number}</EventID><Level>3</Level></System>"
    "<EventData><Data Name='Threat Name'>Trojan:Win32/Wacatac.B!ml</Data><Data Name='Process Name'>{process}</Data>"
    "<Data Name='Path'>{path}</Data></EventData></Event>"
)


def event(path: str, *, number: int = 1116, process: str = "Unknown") -> str:
    """One detection."""
    return EVENT.format(path=path, number=number, process=process)


class WithDefender:
    """A guest that prints this log, or ends `wevtutil` with this code."""

    def __init__(self, *events: str, exit_code: int = 0) -> None:
        self.text, self.exit_code, self.asked = "\r\n".join(events), exit_code, list[Any]()

    def run(self, command: Any, **_: object) -> CommandResult:
        self.asked.append(command)
        return CommandResult("wevtutil", self.exit_code, self.text, "", 0.1)

    @property
    def guest(self) -> Guest:
        return cast(Guest, self)


def without_defender() -> WithDefender:
    return WithDefender(exit_code=CHANNEL_NOT_FOUND)
