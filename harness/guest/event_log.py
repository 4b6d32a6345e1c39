"""Errors in the guest's Event Log, by its own `wevtutil`."""

import re
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
CHANNEL_NOT_FOUND = 15007
"""ERROR_EVT_CHANNEL_NOT_FOUND."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(x?)([0-9A-Fa-f]+);")
NAMESPACE = "{http://schemas.microsoft.com/win/2004/08/events/event}"


@dataclass(frozen=True)
class ErrorEvent:
    """One event: of level critical or error, or of those that were asked for."""

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
    return [
        event for channel in CHANNELS for event in query_events(guest, channel, "(Level=1 or Level=2)", since)
    ]


def query_events(
    guest: Guest, channel: str, which: str, since: datetime | None, *, may_be_absent: bool = False
) -> list[ErrorEvent]:
    """The events of a channel for which `which` holds (XPath, on `System`) since a time of the guest's clock.

    The newest first. With `may_be_absent` a channel that the system does not have holds none. Raises `GuestFault` if
    the log cannot be read.
    """
    if since is not None:
        when = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        which += f" and TimeCreated[@SystemTime>='{when}']"
    query = f"*[System[{which}]]"
    command = [WEVTUTIL, "qe", channel, f"/q:{query}", "/f:xml", "/rd:true", f"/c:{MOST}", "/uni:false"]
    result = guest.run(command, timeout_s=TIMEOUT_S, repeatable=True)
    if result.exit_code == CHANNEL_NOT_FOUND and may_be_absent:
        return []
    if not result.ok:
        raise GuestFault(f"The {channel} log cannot be read: wevtutil ended with {result.exit_code}.")
    return read_events(channel, result.stdout)


def read_events(channel: str, text: str) -> list[ErrorEvent]:
    """Parse what `wevtutil qe /f:xml` prints: events without a root. Raises `GuestFault` for anything else.

    Microsoft, "Event Schema"; a service control manager's event names the service in its data. Programs log what they
    like, and Windows prints it as it is: characters that XML cannot carry are read as U+FFFD.
    """
    try:
        root = ElementTree.fromstring(f"<events>{_readable(text).strip()}</events>")
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


def _readable(text: str) -> str:
    """The text with U+FFFD for each character, written as it is or as a reference, that XML 1.0 cannot carry."""
    return _NOT_XML.sub("\ufffd", _REFERENCE.sub(_referred, text))


def _referred(reference: re.Match[str]) -> str:
    digits = reference[2]
    number = int(digits, 16 if reference[1] else 10) if len(digits.lstrip("0")) < 8 else 0
    allowed = number < 0x110000 and not _NOT_XML.match(chr(number))
    return reference[0] if allowed else "\ufffd"
