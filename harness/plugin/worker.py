"""What one pytest process holds while it works through its cells."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.factory import open_backend
from harness.backend.interface import Backend
from harness.cell import kept_backend
from harness.cell.check import Blocked, Check
from harness.cell.fail_fast import note_failure
from harness.cell.provision import machine_spec
from harness.cell.session import CellSession
from harness.cell.standstill import Standstill
from harness.machines.capabilities import MakesAhead
from harness.machines.registry import load_provider
from harness.machines.room import MayWait
from harness.model.errors import InfrastructureError
from harness.model.plan import Cell
from harness.model.report import CellReport, Outcome
from harness.plugin.judge import Judge
from harness.plugin.outcome import blocked_by_whom, classify, message_of, outcome_of
from harness.rundir.directory import RunDirectory
from harness.rundir.early_end import ended_by
from harness.rundir.settings import FailFast
from harness.rundir.waits import Waits
from harness.state import StateDirectory

WORKER = pytest.StashKey["RunWorker"]()
"""In the process that runs checks: an xdist worker, or the only one."""
PROPERTY = "bvt"
"""Name of the user property that carries a check's result to the controller."""


def cells_to_run(run: RunDirectory) -> tuple[str, ...]:
    """Ids of the cells that this run executes and that have no sealed report yet.

    The controller asks once, for all processes: a worker that takes a dead one's place must collect the very same
    items, though reports were sealed meanwhile.
    """
    return tuple(cell for cell in run.settings().selected if not run.sealed(cell))


class RunWorker:
    """Provider, backend and the cell in hand. `open_cells`: as the controller counted them; None: counted now."""

    def __init__(self, run: RunDirectory, name: str, open_cells: Sequence[str] | None = None) -> None:
        self.run = run
        self.settings = run.settings()
        self.plan = run.plan()
        chosen = frozenset(cells_to_run(run) if open_cells is None else open_cells)
        self.cells = tuple(cell for cell in self.plan.cells if cell.id in chosen)
        """The cells that this run executes, in the plan's order."""
        self.by_id = {cell.id: cell for cell in self.cells}
        self._name = name
        self._provider = load_provider(self.settings.pool, StateDirectory.default())
        if isinstance(self._provider, MayWait):
            self._provider.tell_waits(Waits(run.waits).tell)
        self._backend: Backend | None = None
        self._current: CellSession | None = None
        self._judge: Judge | None = None
        self._item_began = self._cell_began = 0.0
        self._standstill = Standstill()

    @property
    def backend(self) -> Backend:
        """This process's own backend, opened on first use."""
        if self._backend is None:
            place = self.run.work / f"backend-{self._name}"
            place.mkdir(parents=True, exist_ok=True)
            self._backend = open_backend(self.settings.backend, place, self.run.authority)
        return self._backend

    def open_cell(self, cell: Cell) -> CellSession:
        """Begin a cell. Its machine is made when a check asks for it.

        Raises `InfrastructureError` for a cell that was begun before: xdist hands what a dead worker left over to
        another one, but the rest of a timeline proves nothing on a machine that has not seen its beginning. The
        cell stays without a report, which is INFRA, and `--resume` runs it from its start.
        """
        if self.settings.fail_fast is FailFast.RUN and (failure := ended_by(self.run)) is not None:
            # Without a machine, and without a mark that it was begun.
            blocked = Blocked(f"not run: --fail-fast run ended the run at {failure}")
            raise pytest.skip.Exception(f"{outcome_of(blocked).value}: {blocked}") from blocked
        if self.run.started(cell.id):
            raise InfrastructureError(
                f"The process that ran {cell.id} died in the middle of it.",
                hint="Go on with bvt run --resume.",
            )
        self._expect(cell)
        began = datetime.now(UTC).isoformat()
        self.run.mark_started(cell.id, {"run_id": self.settings.run_id, "began": began})
        self._cell_began = time.monotonic()
        self._current = CellSession(
            cell,
            # What checks look into is what cells install, not what may lie at the original path by now.
            candidate=self.plan.candidate.model_copy(update={"path": self.run.copy_of(self.plan.candidate)}),
            plan_digest=self.plan.digest,
            settings=self.settings,
            run=self.run,
            provider=self._provider,
            backend=self.backend,
            releases={
                name: release.model_copy(update={"path": self.run.copy_of_release(name, release)})
                for name, release in self.plan.releases.items()
            },
        )
        self._current.on_kept = partial(self._let_backend_outlive, cell.id)
        self._judge = Judge(self._current, self._standstill)
        return self._current

    def _expect(self, cell: Cell) -> None:
        """Say which machines may be asked for next: this cell's, and those of cells that no process has begun."""
        if isinstance(self._provider, MakesAhead):
            later = [each for each in self.cells if each != cell and not self.run.started(each.id)]
            self._provider.expect(
                [machine_spec(each, self.settings, self.run, self.backend) for each in (cell, *later)]
            )

    def _let_backend_outlive(self, cell_id: str, machine_id: str) -> None:
        """Hand the cell's backend to a process of its own; this process opens another one for its next cell.

        An external backend outlives every run anyway. Raises `HarnessError`.
        """
        backend = self._backend
        if not isinstance(backend, EmbeddedBackend):
            return
        self._backend = None
        kept_backend.keep(
            backend,
            self.run.authority,
            StateDirectory.default(),
            cell_id=cell_id,
            machine_id=machine_id,
            run_id=self.settings.run_id,
        )

    def close_cell(self, session: CellSession) -> CellReport:
        """End a cell and seal its report."""
        self._current = None
        return session.close()

    def judging(self, check: Check) -> AbstractContextManager[None]:
        """Run one check of the cell in hand: hold it back or attribute what it raises."""
        assert self._judge is not None, "a check ran outside its cell"
        return self._judge.judging(check)

    def record(
        self, check: Check, cell: Cell, call: pytest.CallInfo[None], report: pytest.TestReport
    ) -> None:
        """Take the outcome of a check from pytest. A failing set-up is the lab's."""
        error = call.excinfo.value if call.excinfo is not None else None
        if call.when == "setup":
            # The set-up of a cell's first check also ends the cell before: that time is not this cell's.
            self._item_began = max(time.monotonic() - call.duration, self._cell_began)
            if error is None:
                return
        session, judge = self._current, self._judge
        outcome, message, because = classify(error), message_of(error), blocked_by_whom(error)
        if session is not None and judge is not None:
            duration_s = time.monotonic() - self._item_began
            session.recorder.stopwatch.add_total(check.phase, duration_s)
            first, last = judge.lines_before + 1, session.transcript_lines
            recorded = session.recorder.add(
                check,
                outcome,
                session.masked(message),
                duration_s,
                blocked_by=blocked_by_whom(error),
                transcript=(first, last) if first <= last and call.when == "call" else None,
            )
            outcome, message, because = recorded.outcome, recorded.message, recorded.because
            if outcome is Outcome.FAILED:
                note_failure(session, check.id)
        result: dict[str, Any] = {
            "cell": cell.id,
            "check": check.id,
            "title": check.title,
            "phase": check.phase.value,
            "outcome": outcome.value,
            "message": message,
            "because": because,
        }
        report.user_properties.append((PROPERTY, result))

    def close(self) -> None:
        """End a cell that an interruption left open, backend and provider."""
        if self._current is not None:
            self.close_cell(self._current)
        if self._backend is not None:
            self._backend.close()
            self._backend = None
        self._provider.close()
        self._standstill.close()
