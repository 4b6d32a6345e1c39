"""Provokes every class of telemetry at once, then waits for each event by its nonce."""

import time
from collections.abc import Mapping, Sequence

from harness.backend.interface import Event, Fact
from harness.backend.nearest import nearest
from harness.backend.trouble import Troubles
from harness.cell.check import NotApplicable
from harness.cell.session import CellSession
from harness.lifecycle.once import happened, once
from harness.lifecycle.reported import columns_of
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.undoing import undo
from harness.lifecycle.withheld import FREE_TEXT
from harness.model.deadline import Deadline
from harness.model.profile.backend import Telemetry
from harness.model.profile.stimuli import STIMULI
from harness.model.substrate import Capability, why_not
from harness.probe.answers.stimulus import Stimulus
from harness.probe.answers.system import Clock
from harness.probe.reading import read_value

NEEDS: dict[str, frozenset[Capability]] = {
    "user": frozenset({Capability.LOCAL_USERS}),
    "group": frozenset({Capability.LOCAL_USERS}),
    "permission": frozenset({Capability.FILE_PERMISSION_EVENTS}),
    "firewall_rule": frozenset({Capability.FIREWALL}),
}
"""What a stimulus needs of the guest system; one that it lacks is not even tried."""

LATER = 2
"""So many times its deadline an event that did not come is waited for once more, to tell whether it is only late."""
HOLD_S = 20.0
"""How long a process, connection or listening port lasts at least; an agent that looks once a second sees it."""


def hold_ms(session: CellSession) -> str:
    """How long such a stimulus lasts, unless it is undone before: until the last moment at which it may be reported.

    An agent that looks seldom, and says so by its deadline, is to find it.
    """
    declared = (telemetry.deadline_s for telemetry in session.profile.telemetry.values())
    return str(int(1000 * session.within(max([HOLD_S, *declared])).length_s))


class Stimulated:
    """The stimuli of one cell. All are given in one round trip, so the waits run side by side."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session
        self.arrived: dict[str, Event] = {}
        """Stimulus → the first event that told of it."""
        self.held: Sequence[Sequence[str]] = ()
        """What could not be undone, because the agent holds a file open."""
        self.given_by = 0.0
        """When all were given, in seconds since the epoch by this machine's clock."""
        self._given_at = 0.0
        self._guest_clock = 0.0, 0.0
        self._waited_on = False

    def expect(self, name: str) -> None:
        """The event of stimulus `name` must arrive with the profile's columns; asserts it.

        Raises `NotApplicable` if the backend cannot tell this kind of row from others.
        """
        telemetry = self._session.profile.telemetry[name]
        if telemetry.action != "added" and (reason := self._session.backend.ignorance(Fact.ACTION)):
            raise NotApplicable(reason)
        columns = self.columns(name)
        deadline = self._session.within(telemetry.deadline_s)
        with self._session.recorder.stopwatch.waiting():
            event = self._session.backend.wait_event(
                self._session.cell.id,
                telemetry.query,
                columns,
                deadline,
                action=telemetry.action,
            )
        if event is None:
            event = self._after_all(telemetry, columns, deadline)
        assert event is not None, self._missing(name, telemetry, columns, deadline)
        self.arrived[name] = event
        what, late_s = name.replace("_", " "), event.received_at - self.given_by
        of_this_clock = isinstance(self._session.backend, Troubles)
        assert not of_this_clock or late_s <= deadline.length_s, (
            f"Expected: the {what} is reported within {deadline.length_s:g} s."
            f" Found: it was reported too late, {late_s:.0f} s after it happened."
        )
        changed = self._changed(name, columns, event)
        assert not changed, f"Expected: the {what} is reported as it was. Found: {'; '.join(changed)}."
        self._session.note("arrived after", f"{max(0.0, event.received_at - self._given_at):.2f} s")
        self._session.note("event", dict(event.columns))

    def columns(self, name: str) -> dict[str, str]:
        """What a row that tells of stimulus `name` holds."""
        return columns_of(self._session.profile.telemetry[name].columns, self._given[name])

    @property
    def given(self) -> Mapping[str, Stimulus]:
        """The stimuli by kind."""
        return self._given

    @property
    def token(self) -> str:
        """What the facts of everything that the harness lets happen in this cell hold."""
        return self._timeline.nonce

    def guest_clock(self) -> tuple[float, float]:
        """The guest's clock before the first stimulus was given and by when the last was, in seconds since the epoch.

        An emulated guest on a busy host has taken more than a minute for all of them.
        """
        _ = self._given
        return self._guest_clock

    def withdraw(self) -> None:
        """Undo what the stimuli left behind, so that it is not taken for the agent's residue.

        Where none was given yet none is given.
        """
        if not happened(self, "_given"):
            return
        self.held = undo(
            self._session,
            [["unstimulate", name, "--nonce", self._timeline.nonce] for name in self._given],
        )

    @once
    def _given(self) -> dict[str, Stimulus]:
        _ = self._timeline.endpoint
        names = possible_stimuli(self._session)
        lasts = hold_ms(self._session)
        self._given_at = time.time()
        clock, *answers = self._session.guest.batch(
            ["clock"],
            *(["stimulate", name, "--nonce", self._timeline.nonce, "--hold-ms", lasts] for name in names),
        )
        self.given_by = time.time()
        first = read_value("clock", Clock, clock).now.timestamp()
        self._guest_clock = first, first + self.given_by - self._given_at
        return {
            name: read_value(f"stimulate {name}", Stimulus, answer)
            for name, answer in zip(names, answers, strict=True)
        }

    def _changed(self, name: str, columns: Mapping[str, str], event: Event) -> list[str]:
        """What others wrote freely and the event tells otherwise; elsewhere the case of letters means nothing."""
        patterns = self._session.profile.telemetry[name].columns
        return [
            f"{column} is {event.columns[column]!r} and not {text.removeprefix('~')!r}"
            for column, text in columns.items()
            if any(fact in patterns[column] for fact in FREE_TEXT)
            and text.removeprefix("~") not in event.columns[column]
        ]

    def _after_all(self, telemetry: Telemetry, columns: dict[str, str], deadline: Deadline) -> Event | None:
        """Whether an event that did not come in time comes later: waited for once in a cell, to name what is late."""
        if self._waited_on:
            return None
        self._waited_on = True
        session = self._session
        with session.recorder.stopwatch.waiting():
            return session.backend.wait_event(
                session.cell.id,
                telemetry.query,
                columns,
                Deadline.after(LATER * deadline.length_s),
                action=telemetry.action,
            )

    def _missing(self, name: str, telemetry: Telemetry, columns: dict[str, str], deadline: Deadline) -> str:
        wanted = ", ".join(f"{column}={value}" for column, value in columns.items())
        rows = self._session.backend.events(self._session.cell.id, telemetry.query)
        near = nearest(columns, telemetry.action, rows)
        others = f"{len(rows)} other rows of the query arrived"
        told = f"the nearest of {len(rows)} rows differs in {near}" if near else others
        return (
            f"Expected: {telemetry.action} row of query {telemetry.query!r} with {wanted} within"
            f" {deadline.length_s:g} s of the {name.replace('_', ' ')}."
            f" Found: no such row ({told})."
        )


def possible_stimuli(session: CellSession) -> list[str]:
    """Those that the profile declares and the cell's guest system can give."""
    system = session.machine.guest_system
    return [
        name
        for name in STIMULI
        if name in session.profile.telemetry and why_not(system, NEEDS.get(name, frozenset())) is None
    ]
