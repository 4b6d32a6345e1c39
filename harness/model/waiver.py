"""Waivers: what a person lets pass although it failed, where, for which candidate, until when. Debt, shown as such."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from harness.model.base import DAY_S, Frozen

Dotted = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+){0,3}$")]
"""A version of up to four numbers."""


class VersionRange(Frozen):
    """Versions from the first one on, up to and without the last one."""

    since: Dotted
    before: Dotted

    def holds(self, version: str) -> bool:
        """Whether a candidate of this version is meant. One that is no dotted number is not."""
        numbers = _numbers(version)
        return numbers is not None and _filled(self.since) <= numbers < _filled(self.before)


class Waiver(Frozen):
    """One waiver. Its scope is what it names, never more: there are no patterns."""

    schema_version: Literal[1]
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    check: str = Field(default="", description="id of the check that may fail; empty: every one in `cell`")
    cell: str = Field(default="", description="id of the cell; empty: `check` in every cell")
    candidate_sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    versions: VersionRange | None = None
    reason: str = Field(min_length=10, description="why this failure does no harm")
    issue: str = Field(pattern=r"^https?://\S+$", description="where its repair is followed")
    author: str = Field(min_length=1, description="who asks for it, as the policy names people")
    approver: str = Field(min_length=1, description="who answers for it: never the author")
    created: AwareDatetime
    expires: AwareDatetime

    @model_validator(mode="after")
    def _makes_sense(self) -> "Waiver":
        if not self.check and not self.cell:
            raise ValueError("it must name a check, a cell, or both")
        if bool(self.candidate_sha256) == (self.versions is not None):
            raise ValueError("it must name either candidate_sha256 or versions")
        if self.approver.casefold() == self.author.casefold():
            raise ValueError("the approver must be another person than the author")
        if self.expires <= self.created:
            raise ValueError("it expires before it was created")
        return self

    def covers(self, cell: str, check: str) -> bool:
        """Whether a failure of this check in this cell lies in its scope."""
        return bool(check) and self.check in ("", check) and self.cell in ("", cell)

    def is_for(self, sha256: str, version: str) -> bool:
        """Whether it was given for this candidate."""
        if self.versions is None:
            return self.candidate_sha256 == sha256
        return self.versions.holds(version)

    def days_old(self, now: datetime) -> float:
        """Days since it was created."""
        return (now.astimezone(UTC) - self.created).total_seconds() / DAY_S


class WaiverState(StrEnum):
    """What became of a waiver in a gate."""

    USED = "used"
    UNUSED = "unused"
    EXPIRED = "expired"
    NOT_YET = "not-yet"
    OTHER_CANDIDATE = "other-candidate"


class WaiverDebt(Frozen):
    """A waiver beside the gate that it was given to, and what rests on it."""

    waiver: Waiver
    state: WaiverState
    days_old: float
    failures: tuple[str, ...] = Field(
        default=(), description="`cell: check` of each failure that it lets pass"
    )


def _numbers(version: str) -> tuple[int, ...] | None:
    parts = version.strip().split(".")
    if len(parts) > FIELDS or not all(part.isdecimal() and part.isascii() for part in parts):
        return None
    return _filled(version.strip())


def _filled(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    return (*numbers, *[0] * (FIELDS - len(numbers)))


FIELDS = 4
"""Of a version resource; an MSI's has three."""
