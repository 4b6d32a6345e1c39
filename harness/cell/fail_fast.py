"""`--fail-fast`: where a failed check ends its cell or the whole run, and how every process of the run knows it."""

from harness.cell.check import Blocked
from harness.cell.session import CellSession
from harness.files import write_atomically
from harness.model.report import Outcome
from harness.rundir.early_end import FirstFailure, ended_by
from harness.rundir.settings import FailFast


def note_failure(session: CellSession, check: str) -> None:
    """A check failed: with `--fail-fast run` it ends the run, if its cell counts. The first one stays on record."""
    of_run = session.settings.fail_fast is FailFast.RUN and session.cell.required
    if of_run and not session.run.ended_early.exists():
        failure = FirstFailure(cell=session.cell.id, check=check)
        write_atomically(session.run.ended_early, failure.model_dump_json())


def require_going_on(session: CellSession) -> None:
    """Raise `Blocked` for a check that is not run any more, because an earlier failure ended its cell or the run."""
    settings = session.settings
    if settings.cell_ends_at_failure:
        results = session.recorder.results.values()
        first = next((result.check for result in results if result.outcome is Outcome.FAILED), None)
        if first is not None:
            option = "--keep-at failure" if settings.keep_at_failure else f"--fail-fast {settings.fail_fast}"
            raise Blocked(f"not run: {option} ended the cell at {first}", first)
    if settings.fail_fast is FailFast.RUN and (failure := ended_by(session.run)) is not None:
        raise Blocked(f"not run: --fail-fast run ended the run at {failure}")
