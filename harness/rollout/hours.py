"""Office hours: the minutes of a host's own week in which a new version may begin."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.model.errors import ConfigurationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, WEEK = 1440, 10080
"""Minutes."""

_EPOCH_MINUTE = 3 * DAY
"""1 January 1970 was a Thursday."""

_WINDOW = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)")


@dataclass(frozen=True)
class Hours:
    """One byte for each minute of the week from Monday 00:00: 1 is open."""

    minutes: bytes

    def __post_init__(self) -> None:
        if len(self.minutes) != WEEK or 1 not in self.minutes:
            raise ConfigurationError("office hours are never open: no host would ever get the release.")

    @classmethod
    def parse(cls, windows: Iterable[str]) -> "Hours":
        """Hours from texts such as `Mon-Fri 09:00-16:00`; `22:00-02:00` passes midnight, `00:00-24:00` is a whole day.

        Raises `ConfigurationError`.
        """
        minutes = bytearray(WEEK)
        for window in windows:
            for begin, length in _spans(window):
                for minute in range(begin, begin + length):
                    minutes[minute % WEEK] = 1
        return cls(bytes(minutes))

    def wait_s(self, now: float, utc_offset_min: int) -> float:
        """Seconds from `now` (Unix time) until the hours are open at the host; 0 if they are."""
        elapsed = int(now // 60)
        minute = (elapsed + utc_offset_min + _EPOCH_MINUTE) % WEEK
        if self.minutes[minute]:
            return 0.0
        following = self.minutes.find(1, minute)
        ahead = following - minute if following >= 0 else self.minutes.index(1) + WEEK - minute
        return (elapsed + ahead) * 60 - now


def _spans(window: str) -> Iterable[tuple[int, int]]:
    """First minute of the week and number of minutes, for each day of a window."""
    found = _WINDOW.fullmatch(window.strip().lower())
    if found:
        first, last = found[1], found[2] or found[1]
        begin, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
        good = begin < DAY and 0 <= end <= DAY and int(found[4]) < 60 and int(found[6]) < 60 and begin != end
        if first in DAYS and last in DAYS and good:
            start, count = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7 + 1
            length = (end - begin) % DAY or DAY
            return [((start + day) % 7 * DAY + begin, length) for day in range(count)]
    raise ConfigurationError(f"{window!r} are no office hours: expected such as 'Mon-Fri 09:00-16:00'.")
