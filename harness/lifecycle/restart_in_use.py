"""One restart of the agent's services after use, while its host is isolated where the profile says how.

What was reported before is not to be told again after it, and an isolated host is to stay isolated. Where the profile
says that the agent goes on without its backend, the backend fails meanwhile.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from harness.backend.interface import BackendFeature, Event, StatusLine
from harness.backend.trouble import Troubles
from harness.guest.services import ServiceStateNotReached
from harness.lifecycle.isolation import UNANSWERED, lets_nobody_in
from harness.lifecycle.kept_events import change_noticed
from harness.lifecycle.once import happened, once
from harness.lifecycle.reported import reported
from harness.lifecycle.reports_on import KIND, change, reports_on
from harness.lifecycle.service_restart import restart
from harness.lifecycle.stimulus import Stimulated
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.undoing import undo
from harness.model.deadline import Deadline
from harness.model.profile.backend import ResponseAction
from harness.model.report import Outcome
from harness.probe.answers.stimulus import Stimulus

ANSWERED = "functions.live_query"
ASK_S = 0.1
"""A question to the backend that waits for nothing."""
SINCE = 2
"""So many requests fail after a start before something happens, and one more after it: its sensors are up by then."""


@dataclass(frozen=True)
class Made:
    """What the restart showed."""

    at: float
    """When the services were started again, in seconds since the epoch."""
    seen: bool
    """Whether the agent was heard again in time."""
    deadline_s: float
    marked: bool
    """Whether the change of a file after the restart was reported: what is told anew at a start is told before."""
    answered: bool | None
    """Whether the profile's live query was answered after the restart; None where nobody asked."""
    isolated: StatusLine | None
    """The line by which the agent confirmed the isolation before the restart."""
    released: StatusLine | None
    """The line by which it then said that the isolation had ended, which nobody had asked for."""
    shut: bool
    """Whether an isolated host lets nobody in, so that it was restarted only after its release."""
    shown_before: str | None
    shown_after: str | None
    """What the agent itself says of its isolation (`shown_by`); None where the profile names no command for it."""
    stuck: str | None
    """Why the services did not stop or start while the backend failed, empty if they did; None where it did not fail."""
    alone: bool | None
    """Whether what happened then was reported once the backend answered again; None where nothing did."""
    kept: bool | None
    """The same of what the agent had noticed before the services were stopped, while the backend failed already."""


class RestartInUse:
    """Made when the first check asks for it."""

    def __init__(self, timeline: Timeline, stimulated: Stimulated) -> None:
        self._timeline, self._stimulated = timeline, stimulated
        self._session = timeline.session
        self._given: list[str] = []
        """The nonces of the changes that were made."""
        self._stuck: str | None = None
        self._alone: Stimulus | None = None
        self._kept: Stimulus | None = None

    @once
    def made(self) -> Made:
        """Isolate, stop and start the services, wait for the agent, release."""
        session, cell = self._session, self._session.cell.id
        _ = self._timeline.endpoint
        isolated, shut, before = self._act("isolate"), False, None
        try:
            before = self._shown() if isolated else None
            self._restart()
        except UNANSWERED:
            if not (isolated and lets_nobody_in(session)):
                raise
            self._act("release")
            isolated, shut = None, True
            self._restart()
        at, deadline = time.time(), session.patience(session.profile.check_in.deadline_s)
        with session.recorder.stopwatch.waiting():
            seen = session.backend.wait_seen(cell, deadline, after=at)
        alone = self._told(self._alone) if seen is not None else None
        kept = self._told(self._kept) if seen is not None else None
        marked = alone or (seen is not None and reports_on(self._timeline, self._given))
        answered = self._asks() if seen is not None else None
        released = after = None
        if isolated:
            text = session.profile.response_actions["release"].status_contains
            released = session.backend.wait_status(cell, text, Deadline.after(ASK_S), after=at)
            after = self._shown()
            self._act("release")
        return Made(
            *(
                at,
                seen is not None,
                deadline.length_s,
                marked,
                answered,
                isolated,
                released,
                shut,
                before,
                after,
            ),
            *(self._stuck, alone, kept),
        )

    @property
    def told_before(self) -> bool:
        """Whether anything was reported before it that could be told again."""
        return KIND in self._stimulated.arrived

    def again(self) -> Sequence[Event]:
        """Changes of files that were reported before the restart, and once more after it."""
        return told_again(self._events(), self.made.at, self._timeline.nonce)

    def withdraw(self) -> None:
        """Undo the change of a file. Nothing, where no restart was made."""
        if happened(self, "made") and KIND in self._session.profile.telemetry:
            undo(self._session, [["unstimulate", KIND, "--nonce", nonce] for nonce in self._given])

    def _events(self) -> Sequence[Event]:
        return self._session.backend.events(
            self._session.cell.id, self._session.profile.telemetry[KIND].query
        )

    def _restart(self) -> None:
        push, backend = self._session.profile.configuration, self._session.backend
        if (
            push is None
            or not push.outlives_restart
            or not isinstance(backend, Troubles)
            or self._stuck is not None
        ):
            self._note(restart(self._timeline))
            return
        try:
            self._restart_alone(backend)
        except ServiceStateNotReached as error:
            self._stuck = str(error)
            with suppress(ServiceStateNotReached):  # it may still hang
                self._note(restart(self._timeline))

    def _restart_alone(self, backend: Troubles) -> None:
        """Restart the services while the backend fails, and let something happen before it answers again."""
        session, cell = self._session, self._session.cell.id

        def count_anew(_: Sequence[str]) -> None:
            backend.end_outage(cell)
            backend.begin_outage(cell)

        looks = KIND in session.profile.telemetry and BackendFeature.TELEMETRY in session.backend.features
        session.disturb()
        with self._timeline.provoking():
            backend.begin_outage(cell)
            try:
                deadline = session.within(session.profile.check_in.heartbeat_s)
                with session.recorder.stopwatch.waiting():
                    comes = backend.wait_failures(cell, 1, deadline)
                if comes and looks and session.profile.check_in.keeps_events:
                    self._kept = change_noticed(self._timeline, backend, self._given)
                self._note(restart(self._timeline, stopped=count_anew))
                self._stuck = ""
                deadline = session.within(session.profile.check_in.heartbeat_s)
                with session.recorder.stopwatch.waiting():
                    comes = backend.wait_failures(cell, SINCE, deadline)
                if comes and looks:
                    self._alone = change(self._timeline, self._given)
                    with session.recorder.stopwatch.waiting():
                        backend.wait_failures(cell, SINCE + 1, deadline)
            finally:
                backend.end_outage(cell)

    def _told(self, given: Stimulus | None) -> bool | None:
        session = self._session
        if given is None:
            return None
        with session.recorder.stopwatch.waiting():
            deadline = session.within(session.profile.telemetry[KIND].deadline_s)
            return reported(session, given, deadline) is not None

    def _note(self, names: Sequence[str]) -> None:
        for name in names:
            self._timeline.note_process(name)

    def _act(self, name: str) -> StatusLine | None:
        """Ask for the action; the line that confirms it. None where the profile or the backend has no such thing."""
        session, actions = self._session, self._session.profile.response_actions
        able = {BackendFeature.CONFIGURE, BackendFeature.STATUS} <= session.backend.features
        if not able or not {"isolate", "release"} <= actions.keys():
            return None
        action: ResponseAction = actions[name]
        asked_at = session.backend.configure(session.cell.id, action.configuration)
        with session.recorder.stopwatch.waiting():
            return session.backend.wait_status(
                session.cell.id, action.status_contains, session.within(action.deadline_s), after=asked_at
            )

    def _asks(self) -> bool | None:
        """Ask the profile's live query once more: one that was answered before the restart."""
        session, query = self._session, self._session.profile.live_query
        if query is None or session.recorder.outcomes.get(ANSWERED) is not Outcome.PASSED:
            return None
        with session.recorder.stopwatch.waiting():
            return (
                session.backend.ask(session.cell.id, query.sql, session.within(query.deadline_s)) is not None
            )

    def _shown(self) -> str | None:
        shown_by = self._session.profile.response_actions["isolate"].shown_by
        if not shown_by:
            return None
        command = [self._timeline.render(part) for part in shown_by.command]
        said = self._session.guest.run(command).stdout
        self._timeline.said["whether its host is isolated"] = said
        return said


def told_again(events: Sequence[Event], since: float, token: str) -> list[Event]:
    """Those that came later than `since`, hold the harness's `token`, and are equal to one that came before. Pure."""
    before = {_key(event) for event in events if event.received_at <= since}
    return [
        event
        for event in events
        if event.received_at > since
        and _key(event) in before
        and any(token.casefold() in text.casefold() for text in event.columns.values())
    ]


def _key(event: Event) -> tuple[str, tuple[tuple[str, str], ...]]:
    return event.action, tuple(sorted(event.columns.items()))
