"""Change windows: when a promotion may happen. Pure."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field

from harness.model.base import Frozen


class Day(StrEnum):
    """Of the week, in the order of `datetime.weekday`."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class ChangeWindow(Frozen):
    """From a time of day to another on some days, by the clock of a place. `to` is not in it."""

    model_config = ConfigDict(populate_by_name=True)

    days: tuple[Day, ...] = Field(min_length=1)
    begins: str = Field(alias="from", pattern=CLOCK)
    ends: str = Field(alias="to", pattern=CLOCK)
    zone: str = "UTC"

    def holds(self, moment: datetime) -> bool:
        """Whether the moment is in it."""
        here = moment.astimezone(ZoneInfo(self.zone))
        return list(Day)[here.weekday()] in self.days and self.begins <= f"{here:%H:%M}" < self.ends


def window_problem(window: ChangeWindow) -> str:
    """What is wrong with it, in words; empty if nothing is."""
    try:
        ZoneInfo(window.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"there is no time zone {window.zone!r}; write one like Europe/Berlin, or UTC."
    if window.begins >= window.ends:
        return "it must begin before it ends; one over midnight is two."
    return ""


def opens(windows: tuple[ChangeWindow, ...], moment: datetime) -> datetime | None:
    """When a promotion may happen next: the moment itself within a window, or with none at all."""
    if not windows or any(window.holds(moment) for window in windows):
        return moment
    found: list[datetime] = []
    for window in windows:
        zone = ZoneInfo(window.zone)
        here = moment.astimezone(zone)
        for days in range(9):
            day = (here + timedelta(days=days)).date()
            begins = datetime.combine(day, time.fromisoformat(window.begins), zone)
            if list(Day)[day.weekday()] in window.days and begins > here:
                found.append(begins.astimezone(moment.tzinfo))
                break
    return min(found, default=None)
