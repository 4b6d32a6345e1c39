"""The run directory: one folder holds everything that a run writes."""

import fcntl
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import ValidationError

from harness.documents.translate import first_mistake
from harness.files import named_file, require_folder, write_atomically
from harness.gate.artifact import REPORT_FILE
from harness.model.base import Frozen
from harness.model.candidate import Candidate
from harness.model.errors import ConfigurationError
from harness.model.plan import CELLS, Plan, cell_folder
from harness.rundir.settings import RunSettings

RUN_FILE, PLAN_FILE, TIMES_FILE, STARTED_FILE = "run.json", "plan.json", "times.json", "started.json"
LOCK = "lock"
Document = TypeVar("Document", bound=Frozen)


@dataclass(frozen=True)
class RunDirectory:
    """Paths and documents of one run."""

    root: Path
    lock: IO[bytes] | None = field(default=None, compare=False, repr=False)
    """Open while this process is the one that writes here; the system lets go of it when the process ends."""

    @classmethod
    def create(cls, root: Path) -> "RunDirectory":
        """Make a new run directory and claim it.

        Raises `ConfigurationError` for one that holds anything, so that nothing is overwritten or removed at the end.
        """
        hint = "Name another directory with --out."
        try:
            if (root / RUN_FILE).exists():
                raise ConfigurationError("a run was already written here.", file=str(root), hint=hint)
            root.mkdir(parents=True, exist_ok=True)
            # What a run leaves that was ended while it was being prepared is no reason to refuse the next one.
            strangers = [path.name for path in root.iterdir() if not (path / LOCK).is_file()]
            if strangers:
                raise ConfigurationError(
                    f"the directory is not empty: it holds {sorted(strangers)[0]!r}.",
                    file=str(root),
                    hint=hint,
                )
            return cls(root.absolute()).claimed()
        except OSError as error:
            raise ConfigurationError(
                f"no run can be written here: {error.strerror}.", file=str(root), hint=hint
            ) from error

    def claimed(self) -> "RunDirectory":
        """The same directory, locked by this process.

        Raises `ConfigurationError` while another run works in it, and where nothing can be written.
        """
        require_folder(self.root / CELLS)
        require_folder(self.work)
        try:
            self.work.mkdir(mode=0o700, exist_ok=True)
            lock = (self.work / LOCK).open("wb")
        except OSError as error:
            raise ConfigurationError(
                f"no run can be written here: {error.strerror}.",
                file=str(self.root),
                hint="Copy the run to where it can be written, or name another directory.",
            ) from error
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise ConfigurationError(
                "another run works in this directory.", file=str(self.root), hint="Wait for its end."
            ) from None
        return RunDirectory(self.root, lock)

    def discard(self, *, everything: bool) -> None:
        """Remove what the preparation of a run wrote, or `everything`: the directory too, if it was made for the run."""
        if self.lock is not None:
            self.lock.close()
        shutil.rmtree(self.root if everything else self.work, ignore_errors=True)

    @property
    def work(self) -> Path:
        """What only the running run needs: media, keys, databases. `harness.rundir.work_directory` removes it."""
        return self.root / "work"

    @property
    def media(self) -> Path:
        """The media drive of every machine of this run."""
        return self.work / "media"

    @property
    def authority(self) -> Path:
        """The run's own certificate authority."""
        return self.work / "authority"

    @property
    def waits(self) -> Path:
        """What cells wait for, one file each (`harness.rundir.waits`)."""
        return self.work / "waits"

    @property
    def ended_early(self) -> Path:
        """There once `--fail-fast run` ended the run (`harness.cell.fail_fast`)."""
        return self.root / "ended-early.json"

    @property
    def payload(self) -> Path:
        """The programs that the candidate carries (`harness.rundir.payload`)."""
        return self.work / "payload.json"

    @property
    def findings(self) -> Path:
        """What the candidate's tables break of the rules (`harness.rundir.findings`)."""
        return self.work / "findings.json"

    def copy_of(self, candidate: Candidate) -> Path:
        """The copy of the candidate on the media drive: the file that cells install."""
        return self.media / "candidate" / candidate.path.name

    def copy_of_release(self, name: str, release: Candidate) -> Path:
        """The copy of an earlier release on the media drive."""
        return self.media / "releases" / name / release.path.name

    def cell(self, cell_id: str) -> Path:
        """Report and evidence of one cell."""
        return self.root / CELLS / cell_folder(cell_id)

    def report(self, cell_id: str) -> Path:
        """Where the cell's sealed report is or would be."""
        return self.cell(cell_id) / REPORT_FILE

    def write(self, settings: RunSettings, plan: Plan) -> None:
        """Seal settings and plan: from now on this is a run that workers can join. Raises `OSError`."""
        write_atomically(self.root / PLAN_FILE, plan.model_dump_json(indent=1))
        write_atomically(self.root / RUN_FILE, settings.model_dump_json(indent=1))

    def settings(self) -> RunSettings:
        """Read `run.json`. Raises `ConfigurationError` if this is no run directory, or the file is damaged."""
        return self.document(RUN_FILE, RunSettings)

    def plan(self) -> Plan:
        """Read `plan.json`. Raises `ConfigurationError` if it is missing or damaged."""
        return self.document(PLAN_FILE, Plan)

    def mark_started(self, cell_id: str, facts: Mapping[str, Any]) -> None:
        """From now on a missing report means that the lab failed, not that the cell was never tried.

        Raises `OSError`.
        """
        write_atomically(self.cell(cell_id) / STARTED_FILE, json.dumps(dict(facts)))

    def started(self, cell_id: str) -> bool:
        """True once the cell was begun, until `--resume` sets it aside."""
        return (self.cell(cell_id) / STARTED_FILE).exists()

    def sealed(self, cell_id: str) -> bool:
        """True once the cell's report is written."""
        return self.report(cell_id).exists()

    def document(self, name: str, shape: type[Document]) -> Document:
        """One of the run's own files. Raises `ConfigurationError` if it is missing or damaged."""
        path = self.root / name
        if not path.exists():
            raise ConfigurationError(
                f"there is no {name} here, so this is no run directory.", file=str(self.root)
            )
        try:
            return shape.model_validate_json(named_file(path).read_bytes())
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror}.", file=str(path)) from error
        except ValidationError as error:
            mistake = first_mistake(error, shape)
            raise ConfigurationError(
                f"the file is damaged: {mistake.message}",
                file=str(path),
                key=mistake.dotted,
                hint=mistake.hint or "Put back a copy of it, or run the candidate anew.",
            ) from error
