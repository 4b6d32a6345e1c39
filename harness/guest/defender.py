r"""What Windows Defender took for malware, by its own log.

Microsoft, "Review event logs and error codes to troubleshoot issues with Microsoft Defender Antivirus": 1116 is written
when something was detected, 1117 when something was done about it. Their data name the file (`Path`, as
`file:_D:\tools\x.exe`, several with semicolons) and the program that touched it (`Process Name`).
"""

from datetime import datetime

from harness.guest.event_log import ErrorEvent, query_events
from harness.guest.guest import Guest

CHANNEL = "Microsoft-Windows-Windows Defender/Operational"
DETECTED, ACTED = 1116, 1117
PROBE = "bvt-probe.exe"
"""The lab's own program, whatever drive it is on."""


def detections(guest: Guest, since: datetime | None = None) -> list[ErrorEvent]:
    """The detections since a time of the guest's clock, the newest first; none where there is no Defender.

    Raises `GuestFault` if its log cannot be read.
    """
    which = f"(EventID={DETECTED} or EventID={ACTED})"
    return query_events(guest, CHANNEL, which, since, may_be_absent=True)


def of_the_probe(found: list[ErrorEvent]) -> list[ErrorEvent]:
    """Those that name the lab's own probe: they are the lab's, not the candidate's."""
    return [event for event in found if event.speaks_of([PROBE])]
