"""Errors in the guest's Event Log, by its own `wevtutil`."""

from dataclasses import dataclass
from datetime import UTC, datetime

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from harness.guest.guest import Guest
from harness.guest.system_tools import WEVTUTIL
from harness.model.errors import GuestFault

CHANNELS = ("Application", "System")
MOST = 200
TIMEOUT_S = 60.0
NAMESPACE = "{http://schemas.microsoft.com/win/2004/08/events/event}"


@dataclass(frozen=True)
class ErrorEvent:
    """One event of level critical or error."""

    channel: str
    provider: str
    number: int
    text: str
    """Its data, joined by spaces; the message itself is in the system's language and not asked for."""

    def speaks_of(self, words: list[str]) -> bool:
        """Whether provider or data hold any of the words, in any case."""
        said = f"{self.provider} {self.text}".lower()
        return any(word.lower() in said for word in words)

    def __str__(self) -> str:
        return f"{self.channel}: {self.provider} {self.number}: {self.text[:200]}"


def error_events(guest: Guest, since: datetime) -> list[ErrorEvent]:
    """Critical and error events (levels 1 and 2) of `CHANNELS` since a time of the guest's clock, the newest first.

    Raises `GuestFault` if a log cannot be read.
    """
    found = []
    for channel in CHANNELS:
        when = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        query = f"*[System[(Level=1 or Level=2) and TimeCreated[@SystemTime>='{when}']]]"
        command = [WEVTUTIL, "qe", channel, f"/q:{query}", "/f:xml", "/rd:true", f"/c:{MOST}", "/uni:false"]
        result = guest.run(command, timeout_s=TIMEOUT_S, repeatable=True)
        if not result.ok:
            raise GuestFault(f"The {channel} log cannot be read: wevtutil ended with {result.exit_code}.")
        found += read_events(channel, result.stdout)
    return found


def read_events(channel: str, text: str) -> list[ErrorEvent]:
    """Parse what `wevtutil qe /f:xml` prints: events without a root. Raises `GuestFault` for anything else.

    Microsoft, "Event Schema"; a service control manager's event names the service in its data.
    """
    try:
        root = ElementTree.fromstring(f"<events>{text.strip()}</events>")
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise GuestFault(f"The {channel} log's events are no XML: {error}.") from error
    events = []
    for event in root:
        system = event.find(f"{NAMESPACE}System")
        provider = system.find(f"{NAMESPACE}Provider") if system is not None else None
        number = system.findtext(f"{NAMESPACE}EventID", "") if system is not None else ""
        if provider is None or not number.strip().isdecimal():
            raise GuestFault(f"The {channel} log holds an event without provider or number.")
        data = [part.strip() for block in event if block is not system for part in block.itertext()]
        text_of = " ".join(part for part in data if part)
        events.append(ErrorEvent(channel, provider.get("Name", ""), int(number), text_of))
    return events
