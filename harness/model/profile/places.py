"""Places where something may stay, or where a secret may lie."""

from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.model.base import Frozen, NotEmpty
from harness.model.profile.text import Reason, whole_place


class Place(Frozen):
    """A file, key or other thing by its name, and why it is excused. `path` may hold `*`, `?` and `[…]`."""

    path: NotEmpty
    reason: Reason

    def covers(self, name: str) -> bool:
        """Whether `name` is this place, or lies below it: what holds for a folder holds for what is in it."""
        name, pattern = name.lower(), self.path.lower()
        return fnmatchcase(name, pattern) or fnmatchcase(name, pattern.rstrip("\\") + "\\*")


class PlaceOfAKind(Place):
    """The same of one kind of thing."""

    kind: str

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.kind == "file":
            whole_place(self.path)
        return self


class Keep(PlaceOfAKind):
    """Something that may stay after uninstall, and why."""

    kind: Literal["file", "registry", "service", "task", "user", "variable"]


class OpenPort(Frozen):
    """A port of TCP or UDP on which the agent takes what comes from other hosts."""

    port: Annotated[int, Field(ge=1, le=65535)]
    reason: Reason


class SecretPlace(PlaceOfAKind):
    r"""Where the agent may keep a secret that it was given.

    A registry value is `KEY\\NAME`. What lies below a folder or key that is named may hold it too.
    """

    kind: Literal["file", "registry"]
    readable_by_users: bool = Field(
        default=False, description="ordinary users may read it, for the reason given; else they must not"
    )
