"""`code-page`: the system is one in Japan: without Unicode its code page is 932, and its clock is nine hours on."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.lifecycle.timeline import Timeline
from harness.machines.capabilities import SpeaksLocales

LOCALE = "ja-JP"
TIME_ZONE = "Tokyo Standard Time"
COMMAND_S = 120


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Set the system's locale and time zone, which count from the next boot on, and boot."""
    session = timeline.session
    if isinstance(session.machine, SpeaksLocales):
        session.machine.set_locale(LOCALE)
    else:
        session.guest.run(
            [
                "powershell",
                "-NoProfile",
                "-Command",
                f"Set-WinSystemLocale {LOCALE}; Set-TimeZone -Id '{TIME_ZONE}'",
            ],
            timeout_s=COMMAND_S,
        )
    timeline.reboot_now()
    yield
