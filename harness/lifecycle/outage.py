"""One outage of the backend for each cell: for some seconds it answers nothing but errors, and something happens."""

import secrets
import time
from dataclasses import dataclass

from harness.backend.trouble import PAUSES_GROW, Troubles
from harness.cell.check import NotApplicable
from harness.lifecycle.once import happened, once
from harness.lifecycle.reported import reported
from harness.lifecycle.rests import busiest, look
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline
from harness.probe.answers.stimulus import Stimulus
from harness.probe.answers.system import Clock
from harness.probe.reading import read_value

CHEAP = ("registry_change", "file_change")
"""Of these many can be made at once."""
SHORTEST_S = 2.0
"""Long enough to count requests in."""
FAILURES = 4
"""So many requests show three pauses between them."""
FAILURES_AGAIN = 6
"""In a second outage: of three pauses one that a busy host has stretched decides, of five it does not."""
KINDS = ("registry_change", "file_change", "service")
"""What happens meanwhile: the first of these that the profile declares. Each leaves a trace that outlasts the outage."""
MORE = 20
"""Further changes of the same kind while the backend fails: an agent that keeps only a few of them loses some."""
SINCE = 2
"""So many requests fail after something happened: an agent that looks for it before each request has noticed it."""
LONGEST_S = 10.0
"""No outage is held for an agent that takes longer to notice something."""


@dataclass(frozen=True)
class Held:
    """What happened in an outage that was held for as long as an agent may need to notice it."""

    stimuli: tuple[Stimulus, ...]
    happened: float
    """By the guest's clock, when all of it had."""
    happened_at: float
    """The same by this machine's clock."""


@dataclass(frozen=True)
class Ended:
    """What an outage showed."""

    failed: tuple[float, ...]
    """When requests failed, in seconds since the epoch."""
    lasted_s: float
    recovered: bool
    deadline_s: float
    """What it had for that."""
    stimulus: Stimulus | None
    """What happened meanwhile; None where the profile declares none of `KINDS`."""
    more: tuple[Stimulus, ...] = ()
    """What else did, of the same kind."""
    happened: float = 0.0
    """By the guest's clock, when all of it had."""
    happened_at: float = 0.0
    """The same by this machine's clock."""
    busy: float | None = None
    """How much of the time, in per cent, a thread was busy that was not before; None where nobody tells."""

    @property
    def stimuli(self) -> tuple[Stimulus, ...]:
        """All that happened meanwhile."""
        return (self.stimulus, *self.more) if self.stimulus else ()

    @property
    def words(self) -> str:
        """How a message names it."""
        return f"an outage of {self.lasted_s:.1f} s"

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.failed) / self.lasted_s


class Outage:
    """Made when the first check asks for it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session
        self._moment = (0.0, 0.0)
        self._held: Held | None = None
        self._busy_again: float | None = None

    @once
    def ended(self) -> Ended:
        """Fail, wait for some requests, let something happen, serve again, and wait for the agent."""
        with self._timeline.provoking():
            return self._made()

    def _made(self) -> Ended:
        session, cell = self._session, self._session.cell.id
        backend = session.backend
        if not isinstance(backend, Troubles):
            raise NotApplicable(f"backend {backend.name} cannot be told to fail")
        _ = self._timeline.endpoint
        deadline = session.within(session.profile.check_in.heartbeat_s)
        began = time.monotonic()
        session.disturb()
        backend.begin_outage(cell)
        try:
            with session.recorder.stopwatch.waiting():
                backend.wait_failures(cell, 1, deadline)
            first = look(self._timeline)
            stimuli = self._stimulate()
            with session.recorder.stopwatch.waiting():
                backend.wait_failures(cell, FAILURES, deadline)
                if (rest_s := SHORTEST_S - (time.monotonic() - began)) > 0:
                    deadline.pause(rest_s)
            busy = busiest(first, look(self._timeline))
        finally:
            failed = backend.end_outage(cell)
        lasted_s = time.monotonic() - began
        again = session.within(session.profile.check_in.heartbeat_s)
        with session.recorder.stopwatch.waiting():
            seen = session.backend.wait_recovered(cell, again)
        return Ended(tuple(failed), lasted_s, seen is not None, again.length_s, *stimuli, *self._moment, busy)

    @property
    def made(self) -> bool:
        """Whether it was: asking for its end would make it."""
        return happened(self, "ended")

    @once
    def failed_again(self) -> tuple[float, ...]:
        """When requests failed in a second, longer outage, in which nothing else happens."""
        with self._timeline.provoking():
            return self._failed_longer()

    @property
    def busy_again(self) -> float | None:
        """`Ended.busy` of that second outage."""
        _ = self.failed_again
        return self._busy_again

    def _failed_longer(self) -> tuple[float, ...]:
        session, cell = self._session, self._session.cell.id
        backend = session.backend
        if not isinstance(backend, Troubles):
            raise NotApplicable(f"backend {backend.name} cannot be told to fail")
        session.disturb()
        backend.begin_outage(cell)
        try:
            with session.recorder.stopwatch.waiting():
                deadline = session.within(session.profile.check_in.heartbeat_s)
                backend.wait_failures(cell, 1, deadline)
                first = look(self._timeline)
                backend.wait_failures(cell, FAILURES_AGAIN, deadline)
            self._busy_again = busiest(first, look(self._timeline))
        finally:
            failed = backend.end_outage(cell)
        with session.recorder.stopwatch.waiting():
            session.backend.wait_recovered(cell, session.within(session.profile.check_in.heartbeat_s))
        return tuple(failed)

    def hold(self, for_s: float) -> Held:
        """One outage more, until so long after something happened in it, and after two requests that failed since."""
        session, cell = self._session, self._session.cell.id
        backend = session.backend
        assert isinstance(backend, Troubles), "where one was made another one can be"
        deadline = session.within(max(for_s, session.profile.check_in.heartbeat_s))
        session.disturb()
        with self._timeline.provoking():
            backend.begin_outage(cell)
            try:
                with session.recorder.stopwatch.waiting():
                    backend.wait_failures(cell, 1, deadline)
                stimuli = self._stimulate(0)
                self._held = Held((stimuli[0],) if stimuli[0] else (), *self._moment)
                with session.recorder.stopwatch.waiting():
                    backend.wait_failures(cell, 1 + SINCE, deadline)
                    if (rest_s := self._held.happened_at + for_s - time.time()) > 0:
                        Deadline.after(rest_s).pause(rest_s)
            finally:
                backend.end_outage(cell)
            with session.recorder.stopwatch.waiting():
                within_s = session.profile.check_in.heartbeat_s + PAUSES_GROW * for_s
                backend.wait_recovered(cell, session.within(within_s))
        return self._held

    def missing(self, deadline: Deadline) -> int:
        """How many of the further changes the backend was not told of by the deadline."""
        session = self._session
        with session.recorder.stopwatch.waiting():
            return sum(reported(session, each, deadline) is None for each in self.ended.more)

    def _stimulate(self, further: int = MORE) -> tuple[Stimulus | None, tuple[Stimulus, ...]]:
        kind = next((kind for kind in KINDS if kind in self._session.profile.telemetry), None)
        if kind is None:
            return None, ()
        nonce = f"{self._timeline.nonce}{secrets.token_hex(3)}"
        names = [nonce, *(f"{nonce}-{number:02}" for number in range(further if kind in CHEAP else 0))]
        *answers, clock = self._session.guest.batch(
            *(["stimulate", kind, "--nonce", name] for name in names), ["clock"], repeatable=True
        )
        # Both clocks when all of it has happened, however long that took.
        self._moment = read_value("clock", Clock, clock).now.timestamp(), time.time()
        first, *more = (read_value("stimulate", Stimulus, answer) for answer in answers)
        return first, tuple(more)

    def tokens(self) -> dict[str, list[str]]:
        """Kind → the tokens that were given to it alone; nothing where there was no outage."""
        stimulus = self.ended.stimulus if happened(self, "ended") else None
        first = [stimulus, *(self._held.stimuli if self._held else ())]
        return {each.name: [one.nonce for one in first if one] for each in first if each}

    def withdraw(self) -> None:
        """Undo what happened meanwhile, so that it is nobody's residue. Where there was no outage none is made."""
        if happened(self, "ended") and (done := self.ended.stimuli):
            done += self._held.stimuli if self._held else ()
            self._session.guest.batch(
                *(["unstimulate", each.name, "--nonce", each.nonce] for each in done), repeatable=True
            )
