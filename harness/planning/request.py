"""What a user asks for, however it was asked: by `bvt run`, or by pytest's options."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.model.errors import ConfigurationError
from harness.model.run_options import INFRA_RETRIES, POOL, SUITE
from harness.rundir.settings import FailFast, KeepPolicy, keeps_at_failure


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for, not yet looked at."""

    candidate: Path
    profile: str
    matrix: Path | None = None
    previous: Path | None = None
    oldest: Path | None = None
    pool: str = POOL.default
    suite: str = SUITE.default
    cells: tuple[str, ...] = ()
    out: Path | None = None
    keep: KeepPolicy = KeepPolicy.NEVER
    backend: str | None = None
    infra_retries: int = INFRA_RETRIES.default
    fail_fast: FailFast | None = None
    keep_at_failure: bool = False
    reports: Path = Path("reports")


def requested(
    *,
    candidate: Path,
    profile: str,
    matrix: Path | None,
    previous: Path | None,
    oldest: Path | None,
    pool: str,
    suite: str,
    cells: Sequence[str] | None,
    out: Path | None,
    keep: str,
    keep_at: str | None,
    fail_fast: str | None,
    backend: str | None,
    infra_retries: int,
) -> RunRequest:
    """The request of these options as they were written (`harness.model.run_options`).

    Raises `ConfigurationError` for a word that an option does not take.
    """
    if infra_retries < 0:
        raise ConfigurationError(f"{INFRA_RETRIES.flag} takes a number of at least 0, not {infra_retries}.")
    return RunRequest(
        candidate=candidate,
        profile=profile,
        matrix=matrix,
        previous=previous,
        oldest=oldest,
        pool=pool,
        suite=suite,
        cells=tuple(cells or ()),
        out=out,
        keep=KeepPolicy.asked_for(keep),
        backend=backend,
        infra_retries=infra_retries,
        fail_fast=FailFast.asked_for(fail_fast),
        keep_at_failure=keeps_at_failure(keep_at),
    )
