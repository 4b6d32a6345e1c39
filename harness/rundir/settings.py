"""How a run was asked for: `run.json`, and the choices in it."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import AwareDatetime, Field

from harness.model.base import Frozen
from harness.model.errors import ConfigurationError
from harness.model.gate import MergedRun
from harness.model.matrix import Pool
from harness.model.profile import AgentProfile
from harness.model.run_options import BACKEND, FAIL_FAST, INFRA_RETRIES, KEEP


class KeepPolicy(StrEnum):
    """Which machines outlive the run."""

    FAILED = "failed"
    ALWAYS = "always"
    NEVER = "never"
    CAPSULE = "capsule"
    """Failed ones, put away with disk and RAM instead of kept running."""

    @classmethod
    def asked_for(cls, name: str) -> "KeepPolicy":
        """The policy of this name. Raises `ConfigurationError` if there is none."""
        if name not in tuple(cls):
            raise ConfigurationError(f"--keep takes {', '.join(cls)}, not {name!r}.")
        return cls(name)

    def keeps(self, *, failed: bool) -> bool:
        """Whether to keep a machine whose cell failed or not."""
        return self is KeepPolicy.ALWAYS or (self in (KeepPolicy.FAILED, KeepPolicy.CAPSULE) and failed)


class FailFast(StrEnum):
    """What the first failed check ends."""

    CELL = "cell"
    RUN = "run"

    @classmethod
    def asked_for(cls, name: str | None) -> "FailFast | None":
        """The choice of this name; None for none. Raises `ConfigurationError` if there is none so called."""
        if name is not None and name not in tuple(cls):
            raise ConfigurationError(f"--fail-fast takes {' or '.join(cls)}, not {name!r}.")
        return cls(name) if name is not None else None


def keeps_at_failure(asked: str | None) -> bool:
    """What `--keep-at` asks for. Raises `ConfigurationError` for anything but `failure`."""
    if asked not in (None, "failure"):
        raise ConfigurationError(f"--keep-at takes failure, not {asked!r}.")
    return asked is not None


class RunSettings(Frozen):
    """How a run was asked for; `run.json`. Workers and `--resume` read it."""

    run_id: str
    began: AwareDatetime
    profile: AgentProfile
    pool_name: str
    pool: Pool
    selected: tuple[str, ...] = Field(description="ids of the cells that this run executes")
    keep: KeepPolicy = Field(default=KeepPolicy(KEEP.default), description=KEEP.help)
    backend: str | None = Field(
        default=BACKEND.default, description=f"{BACKEND.help} Its path; None: {BACKEND.shown}"
    )
    infra_retries: int = Field(default=INFRA_RETRIES.default, ge=0, description=INFRA_RETRIES.help)
    until: str | None = Field(
        default=None, description="id of the check before which a cell stops, for `bvt repro`"
    )
    fail_fast: FailFast | None = Field(default=None, description=FAIL_FAST.help)
    keep_at_failure: bool = Field(
        default=False,
        description="a cell stops at its first failed check, with agent and backend as they are",
    )

    merged: tuple[MergedRun, ...] = Field(
        default=(), description="the runs that this one was merged from, for `bvt gate merge`"
    )

    def keeps(self, *, failed: bool) -> bool:
        """Whether to keep a machine whose cell failed or not."""
        return self.keep.keeps(failed=failed) or (self.keep_at_failure and failed)

    @property
    def cell_ends_at_failure(self) -> bool:
        """Whether nothing more is done in a cell once a check of it failed."""
        return self.fail_fast is not None or self.keep_at_failure


def new_run_id() -> str:
    """Sorts by time and never repeats."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
