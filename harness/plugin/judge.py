"""One check of a cell: held back if it cannot have a result of its own; what it raises is attributed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.backend.seen import what_was_seen
from harness.cell.check import Blocked, Check, HeldBack, NotApplicable, NotTested
from harness.cell.fail_fast import require_going_on
from harness.cell.same_failure import SameFailure
from harness.cell.secrets import mask_error
from harness.cell.session import CellSession
from harness.cell.standstill import Standstill, StoodStill
from harness.checks.catalogue import essential_checks, first_checks
from harness.model.attribution import RebootedUnasked
from harness.model.errors import CandidateError, HarnessError, InfrastructureError
from harness.model.phases import blocked_by
from harness.model.report import Outcome
from harness.planning.outlook import BackendWord, cannot_enrol, cannot_show
from harness.plugin.allure_results import attach_details
from harness.plugin.outcome import message_of, outcome_of

BOOTS = "residue.boots"
"""The check of reboots that nobody asked for."""


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


class Judge:
    """Judges the checks of one cell. `standstill`: watches this process."""

    def __init__(self, session: CellSession, standstill: Standstill) -> None:
        self._session, self._standstill = session, standstill
        self._essential, self._first = essential_checks(), first_checks()
        self._same = SameFailure()
        self._spoilt_s = 0.0
        """Seconds of a standstill that an earlier check was excused for."""
        self.lines_before = session.transcript_lines
        """Lines of the cell's transcript before the check in hand."""

    @contextmanager
    def judging(self, check: Check) -> Iterator[None]:
        """Run one check: hold it back if it cannot have a result of its own, attribute what it raises."""
        session = self._session
        recorder = session.recorder
        recorder.stopwatch.phase = check.phase
        guest_before_s, self.lines_before = session.guest_s, session.transcript_lines
        began = time.monotonic()
        try:
            self._hold_back(check)
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
            attributed = self._excused(session.attribute(error, counts_on_agent=check.counts_on_agent), began)
            session.lost_by = session.lost_by or (check.id if session.lost is not None else "")
            self._listen(check, attributed)
            if isinstance(attributed, RebootedUnasked) and names_boots(session, check):
                session.lost_by = BOOTS
                named = Blocked(f"blocked by {BOOTS}: {attributed}", BOOTS)
                raise pytest.skip.Exception(
                    f"{outcome_of(named).value}: {named}", _use_item_location=True
                ) from error
            if silent := self._silent_words(check, attributed):
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
            recorder.stopwatch.add_guest(max(0.0, session.guest_s - guest_before_s))

    def _excused(self, error: BaseException, began: float) -> BaseException:
        """The error, or `StoodStill` for one that a standstill may have made; a lost machine speaks for itself.

        What was learnt while it lasted is kept, and later checks of the cell look at it: their failures prove nothing.
        """
        session = self._session
        if session.lost is not None or isinstance(error, InfrastructureError):
            return error
        still_s = self._standstill.longest(began)
        self._spoilt_s = max(self._spoilt_s, still_s)
        if not self._spoilt_s:
            return error
        return StoodStill(self._spoilt_s, session.masked(message_of(error)), earlier=not still_s)

    def _listen(self, check: Check, error: BaseException) -> None:
        """After a failure that counts on the agent: is it silent altogether? Then later checks need not wait for it."""
        session = self._session
        if check.counts_on_agent and session.lost is None and not isinstance(error, InfrastructureError):
            session.silence.notice(check.id, session.within(session.profile.check_in.heartbeat_s).length_s)

    def _silent_words(self, check: Check, error: BaseException) -> str:
        """What to say of a failure in which the agent was found silent, where its own message does not."""
        session = self._session
        about_candidate = isinstance(error, CandidateError | AssertionError)
        if (
            not about_candidate
            or session.silence.found_by != check.id
            or "the backend saw" in message_of(error)
        ):
            return ""
        return f"The agent has fallen silent: {what_was_seen(session.backend, session.cell.id)}."

    def _hold_back(self, check: Check) -> None:
        session = self._session
        profile, backend = session.profile, BackendWord(session.backend.name, session.backend.features)
        undeclared = check.declared(profile) or cannot_enrol(check, backend.name, profile)
        if undeclared:  # so it has no result anywhere, whatever else is the matter
            raise NotTested(undeclared)
        require_going_on(session)
        if not check.once:
            self._require_what_it_stands_on(check)
        # It looks at the package: it needs neither a machine nor an installation on it.
        elif by := next((each for each in check.requires if failed(session, each)), ""):
            raise Blocked(f"blocked by {by}, which did not succeed", by)
        # Asking for it makes the machine.
        asks = check.needs or any(step.dirt or step.by for step in session.cell.steps)
        system = session.machine.guest_system if asks and session.lost is None else None
        reason = cannot_show(check, backend, system, session.candidate.kind, profile, session.cell.steps)
        if reason:
            raise NotApplicable(reason)
        if check.features and (by := session.silence.still()):
            raise Blocked(f"blocked by {by}: the backend has not heard of the agent since", by)

    def _require_what_it_stands_on(self, check: Check) -> None:
        session = self._session
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
