"""The run directory: one folder holds everything that a run writes."""

import fcntl
import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import AwareDatetime, Field, ValidationError

from harness.documents.translate import first_mistake
from harness.files import named_file, write_atomically
from harness.gate.artifact import REPORT_FILE
from harness.model.base import Frozen
from harness.model.candidate import Candidate
from harness.model.errors import ConfigurationError
from harness.model.gate import MergedRun
from harness.model.matrix import Pool
from harness.model.plan import CELLS, Plan, cell_folder
from harness.model.profile import AgentProfile
from harness.model.run_options import BACKEND, FAIL_FAST, INFRA_RETRIES, KEEP

RUN_FILE, PLAN_FILE, TIMES_FILE, STARTED_FILE = "run.json", "plan.json", "times.json", "started.json"
LOCK = "lock"
Document = TypeVar("Document", bound=Frozen)


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
        """The same directory, locked by this process. Raises `ConfigurationError` while another run works in it."""
        self.work.mkdir(mode=0o700, exist_ok=True)
        lock = (self.work / LOCK).open("wb")
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
