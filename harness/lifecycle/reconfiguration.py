"""One change of configuration for each cell, with things that happen right before and right after it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.backend.interface import Event
from harness.lifecycle.once import once
from harness.lifecycle.reported import reported
from harness.lifecycle.reports_on import KIND, reports_on
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.undoing import undo
from harness.model.profile.backend import ConfigurationPush
from harness.probe.answers.stimulus import Stimulus
from harness.probe.reading import read_value

KINDS = ("registry_change", "file_change")
"""What happens meanwhile: the first of these that the profile declares."""
LEAST = 2
"""So many times at least a query must be seen to run: one row may have been on its way."""
STAMPED_LATE_S = 2
EACH = 3
"""So many before, and so many after."""


@dataclass(frozen=True)
class Made:
    """What a change of configuration showed."""

    effect: Event | None
    """The first result of the changed configuration; None if it did not come in time."""
    deadline_s: float
    kind: str
    """What happened meanwhile; empty where the profile declares none of `KINDS`."""
    given: int
    missing: int


def ran_on(ran_at: Sequence[int], out_at: int) -> list[int] | None:
    """Of the times at which a query was run (the agent's clock), those that came after it was out of force. Pure.

    None where it told nothing anew while it was in force, as of what never changes: then nobody can tell. What is
    stamped as late as it is sent is given the time that lay between two of its rows.
    """
    times = sorted(set(ran_at))
    within = [at for at in times if at <= out_at]
    if len(within) < LEAST:
        return None
    slack_s = STAMPED_LATE_S + 2 * max(later - earlier for earlier, later in pairwise(within))
    late = [at for at in times if at > out_at + slack_s]
    return late if len(late) >= LEAST else []


class Reconfiguration:
    """Made when the first check asks for it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session

    @once
    def made(self) -> Made:
        """Push the changed configuration between two handfuls of changes, and wait for all that must come of it."""
        session, push = self._session, self._push()
        assert push.changed is not None
        kind = next((kind for kind in KINDS if kind in session.profile.telemetry), "")
        given = self._give(kind)
        session.backend.configure(session.cell.id, push.changed)
        given += self._give(kind)
        deadline = session.within(push.deadline_s)
        with session.recorder.stopwatch.waiting():
            effect = session.backend.wait_event(session.cell.id, push.effect_query, {}, deadline, action=None)
            missing = self._missing(given) if effect is not None else 0
        if given:
            session.guest.batch(
                *(["unstimulate", kind, "--nonce", each.nonce] for each in given), repeatable=True
            )
        return Made(effect, deadline.length_s, kind, len(given), missing)

    @once
    def reports_on(self) -> bool:
        """Whether a changed file is reported once the changed configuration is in force."""
        _ = self.made
        given: list[str] = []
        try:
            return reports_on(self._timeline, given)
        finally:
            undo(self._session, [["unstimulate", KIND, "--nonce", nonce] for nonce in given])

    def _push(self) -> ConfigurationPush:
        _ = self._timeline.endpoint
        push = self._session.profile.configuration
        assert push is not None
        return push

    def _give(self, kind: str) -> list[Stimulus]:
        if not kind:
            return []
        token = f"{self._timeline.nonce}{secrets.token_hex(2)}"
        asked = (["stimulate", kind, "--nonce", f"{token}-{number}"] for number in range(EACH))
        answers = self._session.guest.batch(*asked, repeatable=True)
        return [read_value("stimulate", Stimulus, answer) for answer in answers]

    def _missing(self, given: list[Stimulus]) -> int:
        if not given:
            return 0
        session = self._session
        deadline = session.within(session.profile.telemetry[given[0].name].deadline_s)
        return sum(reported(session, each, deadline) is None for each in given)
