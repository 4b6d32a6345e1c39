"""A soak: the agent is left alone for a while, then used for a while, and looked at before and after."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.backend.interface import BackendFeature
from harness.lifecycle.health import Growth, grown
from harness.lifecycle.inspection import Inspection
from harness.lifecycle.once import once
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.unanswered import asks_again, within_s
from harness.model.deadline import Deadline
from harness.model.report import Phase
from harness.model.steps import Step
from harness.probe.answers.stimulus import Stimulus
from harness.probe.reading import read_value

EVERY_S = 2.0
"""Between two stimuli while it is used."""
KIND = "file_change"
"""What happens again and again; a profile that does not declare it has the machine in use without a witness."""


@dataclass
class Soaked:
    """What a soak showed."""

    before: Inspection
    began: float
    """In seconds since the epoch."""
    after: Inspection | None = None
    ended: float = 0.0
    tokens: list[str] = field(default_factory=list)
    gave_up: bool | None = None
    """Whether it asked again after a request that was never answered; None where nobody could show it."""
    missing: list[str] = field(default_factory=list)
    """Tokens of stimuli that were never reported."""

    @property
    def lasted_s(self) -> float:
        return self.ended - self.began


class Soak:
    """Made once, when the first check asks for it."""

    def __init__(self, timeline: Timeline, steps: Sequence[Step]) -> None:
        self._timeline, self._session = timeline, timeline.session
        self._step = next((step for step in steps if step.action is Phase.SOAK), Step(action=Phase.SOAK))

    @once
    def done(self) -> Soaked:
        """Wait, use, look again. The agent is at its backend before."""
        _ = self._timeline.endpoint
        soaked = Soaked(self._timeline.look(), time.time())
        with self._session.recorder.stopwatch.waiting():
            rest = Deadline.after(self._step.rest_s)
            soaked.gave_up = self._gives_up()
            self._rest(rest)
            self._use(Deadline.after(self._step.use_s), soaked.tokens)
        soaked.ended = time.time()
        self._await(soaked)
        soaked.after = self._timeline.look()
        return soaked

    @property
    def growth(self) -> Growth:
        """What became more from one look to the other."""
        soaked = self.done
        assert soaked.after is not None
        return grown(soaked.before, soaked.after, self._session.profile)

    def _rest(self, until: Deadline) -> None:
        until.pause(max(0.0, until.remaining_s))

    def _gives_up(self) -> bool | None:
        """Take one request and never answer it. The rest is long anyway: nothing waits for this."""
        if not self.long_enough:
            return None
        return asks_again(self._timeline, self._session.profile.check_in.gives_up_s)

    @property
    def gives_up_s(self) -> float:
        """How long it has to ask, to give that up, and to ask again."""
        return within_s(self._timeline, self._session.profile.check_in.gives_up_s)

    @property
    def long_enough(self) -> bool:
        """Whether it is left alone for so long anyway."""
        return self.gives_up_s <= self._step.rest_s

    def _use(self, until: Deadline, tokens: list[str]) -> None:
        """Provoke a change of a file every now and then, and take it back."""
        if not self.witnessed:
            self._rest(until)
            return
        guest = self._session.guest
        while not until.passed:
            token = f"{self._timeline.nonce}{secrets.token_hex(3)}"
            answer = guest.probe("stimulate", KIND, "--nonce", token, repeatable=True)
            read_value("stimulate", Stimulus, answer)
            tokens.append(token)
            until.pause(EVERY_S)
            guest.probe("unstimulate", KIND, "--nonce", token, repeatable=True)

    @property
    def witnessed(self) -> bool:
        """Whether the backend tells what happens."""
        has = BackendFeature.TELEMETRY in self._session.backend.features
        return has and KIND in self._session.profile.telemetry

    def _await(self, soaked: Soaked) -> None:
        """Which of its stimuli were never reported, after the profile's deadline for the last."""
        if not soaked.tokens:
            return
        session = self._session
        telemetry = session.profile.telemetry[KIND]
        deadline = session.within(telemetry.deadline_s)
        with session.recorder.stopwatch.waiting():
            while True:
                rows = [
                    " ".join(event.columns.values())
                    for event in session.backend.events(session.cell.id, telemetry.query)
                ]
                soaked.missing = [token for token in soaked.tokens if not any(token in row for row in rows)]
                if not soaked.missing or deadline.passed:
                    return
                deadline.pause(EVERY_S / 4)
