"""`--fail-fast run`: which failed check ended the run, where every process of the run can read it."""

from harness.model.base import Frozen
from harness.rundir.directory import RunDirectory


class FirstFailure(Frozen):
    """The failed check that ended the run."""

    cell: str
    check: str

    def __str__(self) -> str:
        return f"{self.check} in {self.cell}"


def ended_by(run: RunDirectory) -> FirstFailure | None:
    """What ended the run early; None while nothing has. Raises `ConfigurationError` if that cannot be read."""
    if not run.ended_early.exists():
        return None
    return run.document(run.ended_early.name, FirstFailure)
