"""What one pytest process holds while it works through its cells."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.factory import open_backend
from harness.backend.interface import Backend
from harness.backend.seen import what_was_seen
from harness.cell import kept_backend
from harness.cell.check import Blocked, Check, HeldBack, NotApplicable, NotTested
from harness.cell.fail_fast import note_failure, require_going_on
from harness.cell.same_failure import SameFailure
from harness.cell.secrets import mask_error
from harness.cell.session import CellSession, machine_spec
from harness.cell.standstill import Standstill, StoodStill
from harness.checks.catalogue import essential_checks, first_checks
from harness.machines.provider import MakesAhead
from harness.machines.registry import load_provider
from harness.machines.room import MayWait
from harness.model.attribution import RebootedUnasked
from harness.model.errors import CandidateError, HarnessError, InfrastructureError
from harness.model.phases import blocked_by
from harness.model.plan import Cell
from harness.model.report import CellReport, Outcome, Phase
from harness.planning.outlook import BackendWord, cannot_show
from harness.plugin.allure_results import attach_details
from harness.plugin.outcome import blocked_by_whom, classify, message_of, outcome_of
from harness.rundir.directory import FailFast, RunDirectory
from harness.rundir.early_end import ended_by
from harness.rundir.waits import Waits
from harness.state import StateDirectory

BOOTS = "residue.boots"
"""The check of reboots that nobody asked for."""
PROPERTY = "bvt"
"""Name of the user property that carries a check's result to the controller."""


def cells_to_run(run: RunDirectory) -> tuple[str, ...]:
    """Ids of the cells that this run executes and that have no sealed report yet.

    The controller asks once, for all processes: a worker that takes a dead one's place must collect the very same
    items, though reports were sealed meanwhile.
    """
    return tuple(cell for cell in run.settings().selected if not run.sealed(cell))


def failed(session: CellSession, check: str) -> bool:
    """Whether this check of the cell failed."""
    return session.recorder.outcomes.get(check) is Outcome.FAILED


def names_boots(session: CellSession, check: Check) -> bool:
    """Whether a reboot that nobody asked for is to be named by another check: this one only met it."""
    order = [*session.cell.checks]
    about_boots = check.id in (
        BOOTS,
        "reboot.once",
        "reboot.comes_back",
        "reboot-clean.once",
        "reboot-clean.comes_back",
    )
    return BOOTS in order and not about_boots and order.index(check.id) < order.index(BOOTS)


class RunWorker:
    """Provider, backend and the cell in hand. `open_cells`: as the controller counted them; None: counted now."""

    def __init__(self, run: RunDirectory, name: str, open_cells: Sequence[str] | None = None) -> None:
        self.run = run
        self.settings = run.settings()
        self.plan = run.plan()
        chosen = frozenset(cells_to_run(run) if open_cells is None else open_cells)
        self.cells = tuple(cell for cell in self.plan.cells if cell.id in chosen)
        """The cells that this run executes, in the plan's order."""
        self._name = name
        self._essential = essential_checks()
        self._first = first_checks()
        self._provider = load_provider(self.settings.pool, StateDirectory.default())
        if isinstance(self._provider, MayWait):
            self._provider.tell_waits(Waits(run.waits).tell)
        self._backend: Backend | None = None
        self._current: CellSession | None = None
        self._item_began = self._cell_began = 0.0
        self._guest_before = 0.0
        self._lines_before = 0
        self._standstill = Standstill()
        self._same = SameFailure()
        self._spoilt_s = 0.0
        """Seconds of a standstill that an earlier check of the cell in hand was excused for."""

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
        self._spoilt_s = 0.0
        self._same = SameFailure()
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

    @contextmanager
    def judging(self, check: Check) -> Iterator[None]:
        """Run one check: hold it back if it cannot have a result of its own, attribute what it raises."""
        session = self._current
        assert session is not None, "a check ran outside its cell"
        recorder = session.recorder
        recorder.stopwatch.phase = check.phase
        self._guest_before, self._lines_before = session.guest_s, session.transcript_lines
        began = time.monotonic()
        try:
            self._hold_back(session, check)
            yield
        except HeldBack as held:
            # pytest and Allure know one way only to be skipped: the outcome's own name leads (allure_report.CATEGORIES).
            text = f"{outcome_of(held).value}: {held}"
            raise pytest.skip.Exception(text, _use_item_location=True) from held
        except Exception as error:
            if (by := self._same.met_in(error, check.id)) is not None:
                again = Blocked(f"{by} met this failure before", by)
                text = f"{outcome_of(again).value}: {again}"
                raise pytest.skip.Exception(text, _use_item_location=True) from again
            if not isinstance(error, HarnessError | AssertionError):
                raise
            mask_error(error, session.masked)
            attributed = self._excused(session.attribute(error), session, began)
            session.lost_by = session.lost_by or (check.id if session.lost is not None else "")
            self._listen(session, check, attributed)
            if isinstance(attributed, RebootedUnasked) and names_boots(session, check):
                session.lost_by = BOOTS
                named = Blocked(f"blocked by {BOOTS}: {attributed}", BOOTS)
                raise pytest.skip.Exception(
                    f"{outcome_of(named).value}: {named}", _use_item_location=True
                ) from error
            if silent := self._silent_words(session, check, attributed):
                raise pytest.fail.Exception(
                    f"{session.masked(message_of(attributed))} {silent}", pytrace=False
                ) from error
            if isinstance(attributed, CandidateError):
                # For every reader of pytest's own results the candidate failed; nothing of ours broke.
                raise pytest.fail.Exception(str(attributed), pytrace=False) from error
            if attributed is error:
                raise
            raise attributed from error
        finally:
            attach_details({name: session.masked(text) for name, text in recorder.details.items()})
            recorder.stopwatch.add_guest(max(0.0, session.guest_s - self._guest_before))

    def _excused(self, error: BaseException, session: CellSession, began: float) -> BaseException:
        """The error, or `StoodStill` for one that a standstill may have made; a lost machine speaks for itself.

        What was learnt while it lasted is kept, and later checks of the cell look at it: their failures prove nothing.
        """
        if session.lost is not None or isinstance(error, InfrastructureError):
            return error
        still_s = self._standstill.longest(began)
        self._spoilt_s = max(self._spoilt_s, still_s)
        if not self._spoilt_s:
            return error
        return StoodStill(self._spoilt_s, session.masked(message_of(error)), earlier=not still_s)

    def _listen(self, session: CellSession, check: Check, error: BaseException) -> None:
        """After a failure that counts on the agent: is it silent altogether? Then later checks need not wait for it."""
        counts_on_agent = bool(check.features) or check.phase is Phase.CHECK_IN
        if counts_on_agent and session.lost is None and not isinstance(error, InfrastructureError):
            session.silence.notice(check.id, session.within(session.profile.check_in.heartbeat_s).length_s)

    def _silent_words(self, session: CellSession, check: Check, error: BaseException) -> str:
        """What to say of a failure in which the agent was found silent, where its own message does not."""
        about_candidate = isinstance(error, CandidateError | AssertionError)
        if (
            not about_candidate
            or session.silence.found_by != check.id
            or "the backend saw" in message_of(error)
        ):
            return ""
        return f"The agent has fallen silent: {what_was_seen(session.backend, session.cell.id)}."

    def _hold_back(self, session: CellSession, check: Check) -> None:
        undeclared = check.declared(session.profile)
        if undeclared:  # so it has no result anywhere, whatever else is the matter
            raise NotTested(undeclared)
        require_going_on(session)
        if not check.once:
            self._require_what_it_stands_on(session, check)
        # It looks at the package: it needs neither a machine nor an installation on it.
        elif by := next((each for each in check.requires if failed(session, each)), ""):
            raise Blocked(f"blocked by {by}, which did not succeed", by)
        backend = BackendWord(session.backend.name, session.backend.features)
        # Asking for it makes the machine.
        asks = check.needs or any(step.dirt or step.by for step in session.cell.steps)
        system = session.machine.guest_system if asks and session.lost is None else None
        kind, profile = session.candidate.kind, session.profile
        reason = cannot_show(check, backend, system, kind, profile, session.cell.steps)
        if reason:
            raise NotApplicable(reason)
        if check.features and (by := session.silence.still()):
            raise Blocked(f"blocked by {by}: the backend has not heard of the agent since", by)

    def _require_what_it_stands_on(self, session: CellSession, check: Check) -> None:
        if check.id == BOOTS and isinstance(session.lost, RebootedUnasked):
            raise CandidateError(
                f"Expected: the machine reboots only when it is asked to. Found: {session.lost}"
            )
        if session.lost is not None:
            raise Blocked(f"blocked: {session.lost}", session.lost_by)
        outcomes = session.recorder.outcomes
        blocker = blocked_by(check.phase, outcomes, self._essential, check.requires)
        failed = (Outcome.FAILED, Outcome.INFRA)
        blocker = blocker or next(
            (first for first in self._first.get(check.phase, ()) if outcomes.get(first) in failed), None
        )
        if blocker is not None:
            raise Blocked(f"blocked by {blocker}, which did not succeed", blocker)

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
        session = self._current
        outcome, message, because = classify(error), message_of(error), blocked_by_whom(error)
        if session is not None:
            duration_s = time.monotonic() - self._item_began
            session.recorder.stopwatch.add_total(check.phase, duration_s)
            first, last = self._lines_before + 1, session.transcript_lines
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
