"""Earlier releases of the agent, which a candidate is upgraded from: what they are called and where they come from."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from harness.model.base import Frozen, NotEmpty

CANDIDATE = "candidate"
"""How a step names the installer under test."""


class ReleaseName(StrEnum):
    """An earlier release that a step may name."""

    PREVIOUS = "previous"
    OLDEST = "oldest"


class ReleaseSource(Frozen):
    """Where a team keeps a release. Exactly one of `path`, `directory` and `command`.

    Relative paths, and the command, start from the folder that holds `agents/`, or else from the profile's own.
    """

    path: NotEmpty | None = None
    directory: NotEmpty | None = None
    pattern: NotEmpty | None = Field(
        default=None,
        description="with `directory`: shell-style, on file names; left out, all that end in .msi",
    )
    command: Annotated[tuple[NotEmpty, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="prints the file's path as its last line; `{python}` is the harness's own Python",
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("path", "directory", "command") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"exactly one of 'path', 'directory' and 'command' says where a release is, not {len(given)}"
            )
        if self.pattern is not None and self.directory is None:
            raise ValueError("'pattern' stands beside 'directory' only")
        return self


class Downgrade(StrEnum):
    """What an older installer does on a machine that has a newer release."""

    BLOCKED = "blocked"
    """It refuses, and the newer one goes on as if nothing had been."""
    CLEAN = "clean"
    """It takes the newer one's place, as a whole."""
