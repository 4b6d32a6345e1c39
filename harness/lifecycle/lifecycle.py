"""The interpreter of a scenario: from its steps to timelines, each of which does its step when a check asks for it."""

from collections.abc import Callable
from functools import partial

from harness.cell.session import CellSession
from harness.guest.msi.result import MsiResult
from harness.lifecycle.attempt import Attempt
from harness.lifecycle.burst import Burst
from harness.lifecycle.dirt import soiled
from harness.lifecycle.disclosure import Disclosures
from harness.lifecycle.enrolling_elsewhere import EnrollingElsewhere
from harness.lifecycle.health import Health
from harness.lifecycle.moving import Moving
from harness.lifecycle.outage import Outage
from harness.lifecycle.reboots import Reboots
from harness.lifecycle.reconfiguration import Reconfiguration
from harness.lifecycle.renewal import Renewal
from harness.lifecycle.restart_in_use import RestartInUse
from harness.lifecycle.soak import Soak
from harness.lifecycle.steps import BREAKS_OFF, CHANGES, PRELUDE
from harness.lifecycle.stimulus import Stimulated
from harness.lifecycle.stranger import Stranger
from harness.lifecycle.timeline import Act, Timeline
from harness.lifecycle.whole_machine import WholeMachine
from harness.model.report import Phase
from harness.model.steps import BROKEN_OFF, Step, arrival, arrives_by, beginning, judged, prelude


class Lifecycle:
    """One cell's steps. What is done with earlier releases comes before the candidate; then one timeline a change."""

    def __init__(self, session: CellSession) -> None:
        steps = session.cell.steps
        first = steps[beginning(steps)] if beginning(steps) < len(steps) else None
        at_first = first if first is not None and first.action in BROKEN_OFF else None
        current = Timeline(
            session,
            phase=arrives_by(steps),
            prelude=[_prelude(step) for step in prelude(steps)],
            attempt=_attempt(at_first),
            arrives=at_first is None or arrival(steps) < len(steps),
            around=soiled,
        )
        self._at: dict[Phase, Timeline] = {Phase.MACHINE: current}
        for step in judged(steps):
            if step.action in CHANGES:
                current = Timeline(session, phase=step.action, before=current, act=_change(step))
            elif step.action in BROKEN_OFF and step is not at_first:
                current.leaves_twice = _attempt(step)
            self._at[step.action] = current
        self._last = current
        self.stimulated = Stimulated(self.at(Phase.FUNCTIONS))
        """The stimuli of the cell."""
        self.reconfiguration = Reconfiguration(self.at(Phase.FUNCTIONS))
        self.renewal = Renewal(self.at(Phase.CHECK_IN))
        self.stranger = Stranger(self.at(Phase.CHECK_IN))
        self.enrolling_elsewhere = EnrollingElsewhere(self.at(Phase.CHECK_IN), self.renewal)
        self.outage, self.burst = Outage(self.at(Phase.FUNCTIONS)), Burst(self.at(Phase.FUNCTIONS))
        self.restarted = RestartInUse(self.at(Phase.UNINSTALL), self.stimulated)
        self.soak = Soak(self.at(Phase.SOAK), steps)
        self.moving = Moving()
        """Answers that another asking must not bring again."""
        self._reboots: dict[Timeline, Reboots] = {}
        self._health: dict[Timeline, Health] = {}
        self._whole: dict[Timeline, WholeMachine] = {}
        self._disclosures: dict[Timeline, Disclosures] = {}

    def at(self, phase: Phase) -> Timeline:
        """The machine as it is once the step `phase` is done: after the last change up to it."""
        return self._at.get(phase, self._last)

    def health(self, timeline: Timeline) -> Health:
        """The agent after use, as this timeline's change left it."""
        return self._health.setdefault(timeline, Health(timeline))

    def whole(self, timeline: Timeline) -> WholeMachine:
        """What the candidate made of the whole machine by the end of this timeline's change."""
        return self._whole.setdefault(timeline, WholeMachine(timeline))

    def disclosures(self, timeline: Timeline) -> Disclosures:
        """Where secrets lie after this timeline's change."""
        return self._disclosures.setdefault(timeline, Disclosures(timeline, self.whole(timeline)))

    def reboots(self, timeline: Timeline) -> Reboots:
        """The reboots after this timeline's change."""
        return self._reboots.setdefault(timeline, Reboots(timeline))


def _prelude(step: Step) -> Act:
    perform = PRELUDE[step.action]
    return lambda timeline: perform(timeline, step)


def _attempt(step: Step | None) -> Callable[[Timeline], Attempt] | None:
    if step is None:
        return None
    perform = BREAKS_OFF[step.action]
    return lambda timeline: perform(timeline, step)


def _change(step: Step) -> Callable[[Timeline], MsiResult]:
    return partial(_perform, step)


def _perform(step: Step, timeline: Timeline) -> MsiResult:
    return CHANGES[step.action](timeline, step)
