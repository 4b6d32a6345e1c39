"""`code-page`: the system speaks Japanese, so that programs without Unicode have code page 932."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.lifecycle.timeline import Timeline
from harness.machines.provider import SpeaksLocales

LOCALE = "ja-JP"
COMMAND_S = 120


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Set the system's locale, which counts from the next boot on, and boot."""
    session = timeline.session
    if isinstance(session.machine, SpeaksLocales):
        session.machine.set_locale(LOCALE)
    else:
        session.guest.run(
            ["powershell", "-NoProfile", "-Command", f"Set-WinSystemLocale {LOCALE}"], timeout_s=COMMAND_S
        )
    timeline.reboot_now()
    yield
