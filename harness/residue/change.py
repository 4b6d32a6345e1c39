"""One difference of a machine between two moments: a file or folder, a registry key or value."""

from enum import StrEnum

from pydantic import Field

from harness.model.base import Frozen

LONGEST_TOLD = 120
"""Characters of what was, and is, there that a message shows."""


class Kind(StrEnum):
    """What became of it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Where(StrEnum):
    """What a change is a change of."""

    FILE = "file"
    REGISTRY = "registry"


class Change(Frozen):
    """One difference. `was` and `now` are in words; empty where it was not, or is not any more, there."""

    kind: Kind
    where: Where
    path: str = Field(description="as Windows names it; of a value, the key")
    value: str | None = Field(
        default=None, description="name of the value, empty for a key's default; null: no value"
    )
    was: str = ""
    now: str = ""
    size: int | None = Field(default=None, description="bytes, of a file that is there now")
    sha256: str = ""
    owner: str = Field(default="", description="of a file, where the disk tells it: SID, or user:group")
    modified_s: float | None = Field(
        default=None, description="seconds since 1970, of a file that is there now"
    )

    @property
    def name(self) -> str:
        """Path, and the value's name behind it: in lower case, as Windows compares names."""
        if self.value is None:
            return self.path.lower()
        return f"{self.path}\\{self.value or '(default)'}".lower()

    @property
    def words(self) -> str:
        """For a message: what it is and what became of it."""
        if self.kind is Kind.CHANGED:
            return f"{self.name} was changed ({_short(self.was)} → {_short(self.now)})"
        return self.name if self.kind is Kind.ADDED else f"{self.name} was deleted"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TOLD else f"{text[:LONGEST_TOLD]}…"
