"""A run's work directory after its end: what its kept machines need of it, and when the rest goes.

Machines outlive a run by `--keep`, and `bvt clean` removes them from anywhere. So the state directory says where the
work directories of its runs are, from a run's beginning until there is nothing of it any more.
"""

import fcntl
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from harness.files import write_atomically
from harness.machines.cleaning import RECORD, Cleaned, Outcome
from harness.machines.disused import size_on_disk
from harness.machines.intent import read_intents
from harness.model.base import Frozen
from harness.model.errors import ConfigurationError, HarnessError
from harness.rundir.directory import LOCK, RunDirectory
from harness.state import StateDirectory

WORK = "work directory"
"""What `bvt clean` calls it."""


class Whereabouts(Frozen):
    """Where a run of this state directory is written."""

    run_id: str
    root: Path


def remember(state: StateDirectory, run: RunDirectory, run_id: str) -> None:
    """From now on `bvt clean` finds the run's work directory, however the run ends. Raises `OSError`."""
    write_atomically(_record(state, run_id), Whereabouts(run_id=run_id, root=run.root).model_dump_json())


def release(state: StateDirectory, run: RunDirectory, run_id: str) -> None:
    """At the end of a run: remove its work directory, but for the media drive if machines of it stay.

    Keys, databases and what else the run needed go in any case. Never raises: what stays is left to `bvt clean`.
    """
    with suppress(OSError, HarnessError):
        _release(state, run, run_id)


def _release(state: StateDirectory, run: RunDirectory, run_id: str) -> None:
    if not _machines(state, run_id):
        shutil.rmtree(run.work, ignore_errors=True)
        if not run.work.exists():
            _record(state, run_id).unlink(missing_ok=True)
        return
    for path in run.work.iterdir() if run.work.is_dir() else ():
        if path == run.media or path.name == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def clean(state: StateDirectory, gone: Collection[str] = (), *, dry_run: bool = False) -> list[Cleaned]:
    """Remove the work directories of runs that have ended and of which no machine is left.

    Machines whose ids are in `gone` count as gone. With `dry_run` everything stays.
    """
    return [
        item
        for record in sorted(state.part("runs").glob("*.json"))
        if (item := _clean(state, record, gone, dry_run=dry_run)) is not None
    ]


def _clean(state: StateDirectory, record: Path, gone: Collection[str], *, dry_run: bool) -> Cleaned | None:
    try:
        found = Whereabouts.model_validate_json(record.read_bytes())
    except FileNotFoundError:
        return None  # the run has ended meanwhile
    except (OSError, ValidationError):
        return _forget(record, "it cannot be read", dry_run=dry_run)
    if _machines(state, found.run_id) - set(gone):
        return None
    run = RunDirectory(found.root)
    if not _is_of(run, found.run_id):
        return _forget(record, "the run that it leads to is no longer there", dry_run=dry_run)
    if not run.work.is_dir():
        return _forget(record, "the run that it leads to has no work directory any more", dry_run=dry_run)
    with _unless_at_work(run) as ended:
        if not ended:
            return None
        size, outcome, error = size_on_disk(run.work), Outcome.FOUND, ""
        if not dry_run:
            shutil.rmtree(run.work, ignore_errors=True)
            outcome = Outcome.NOT_REMOVED if run.work.exists() else Outcome.REMOVED
            error = "a part of it cannot be deleted." if run.work.exists() else ""
            if not error:
                record.unlink(missing_ok=True)
    return Cleaned(
        kind=WORK,
        name=str(run.work),
        run_id=found.run_id,
        reason="its run has ended and no machine of it is left",
        outcome=outcome,
        size=size,
        error=error,
    )


def _machines(state: StateDirectory, run_id: str) -> set[str]:
    """Ids of the run's machines that are there."""
    return {intent.machine_id for intent in read_intents(state.intents) if intent.run_id == run_id}


def _is_of(run: RunDirectory, run_id: str) -> bool:
    """Another run may be written there by now, or something else."""
    try:
        return run.settings().run_id == run_id
    except ConfigurationError:
        return False


@contextmanager
def _unless_at_work(run: RunDirectory) -> Iterator[bool]:
    """Keep other runs out of the directory, unless one is in it: whether that is so. No, where that cannot be told."""
    try:
        lock = (run.work / LOCK).open("ab")
    except OSError:  # another user's, on a medium that is read-only by now, or the run has ended meanwhile
        yield False
        return
    with lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _forget(record: Path, reason: str, *, dry_run: bool) -> Cleaned:
    size = size_on_disk(record)
    if not dry_run:
        record.unlink(missing_ok=True)
    outcome = Outcome.FOUND if dry_run else Outcome.REMOVED
    return Cleaned(kind=RECORD, name=str(record), reason=reason, outcome=outcome, size=size)


def _record(state: StateDirectory, run_id: str) -> Path:
    return state.part("runs") / f"{run_id}.json"
