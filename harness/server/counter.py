"""Where decisions are made: from a question to an answer, with the host on record before it is answered."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.rollout.decision import Decision, Endpoint, Group, Reason, Rollout
from harness.server.desk import Desk
from harness.server.recorder import Recorder
from harness.server.store import Entry, Key, Sign, cohort_of

GRAIN = 60
"""A host that polls all the time is not written down each time, but so many times within `silence_s`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host is told, and by which release."""

    release: str
    decision: Decision


class Counter:
    """Serves hosts."""

    def __init__(self, desk: Callable[[], Desk], recorder: Recorder) -> None:
        self._desk, self._recorder = desk, recorder
        self._watched: set[str] = set()
        self._entered: set[Key] = set()
        self._due: dict[str, float] = {}

    def learn(self, entered: set[Key]) -> None:
        """These are on record, by whichever worker."""
        self._watched.update(host for _, host, _ in entered)
        self._entered |= entered

    async def answer(self, product: str, endpoint: Endpoint) -> Answer | None:
        """The first release of the product that the host is to have, else the last one's baseline. None: no product."""
        rollouts = self._desk().rollouts.get(product)
        if rollouts is None:
            return None
        now, answer = time.time(), None
        if endpoint.id in self._watched and now >= self._due.get(endpoint.id, 0.0):
            self._due[endpoint.id] = now + self._desk().settings.rule.silence_s / GRAIN
            self._recorder.sign(Sign(endpoint.id, now))
        for rollout in rollouts:
            decision = rollout.decide(endpoint, now)
            if decision.group is not Group.NEITHER:
                decision = await self._on_record(rollout, endpoint, decision, now)
            answer = Answer(rollout.release, decision)
            if decision.version == rollout.version or decision.reason is Reason.WITHDRAWN:
                break
        return answer

    async def _on_record(
        self, rollout: Rollout, endpoint: Endpoint, decision: Decision, now: float
    ) -> Decision:
        candidate = decision.group is Group.CANDIDATE
        key = (rollout.release, endpoint.id, candidate)
        if key in self._entered:
            return decision
        ring = rollout.ring_of(endpoint)
        entry = Entry(
            rollout.release,
            endpoint.id,
            candidate,
            cohort_of(ring, str(rollout.shares[ring])),
            now,
            rollout.maximum,
        )
        if await self._recorder.enter(entry):
            self.learn({key})
            return decision
        assert rollout.maximum is not None
        return rollout.decide(replace(endpoint, offered=False), now, rollout.maximum.hosts)
