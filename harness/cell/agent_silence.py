"""Whether a cell's agent has fallen silent at its backend: found once, so that no later check waits for it in vain."""

import time
from contextlib import suppress

from harness.backend.interface import Backend, BackendFeature
from harness.model.deadline import Deadline
from harness.model.errors import HarnessError

AGAIN_S = 20.0
"""How long an agent that was found silent gets to be heard again, once, after its machine was rebooted."""
ASK_S = 0.1
"""The question whether it was heard since; it waits for nothing."""


class AgentSilence:
    """What is known of one cell's agent. A backend that does not tell when it hears of an agent never finds it silent.

    `limit_s`: how long a healthy agent is silent at most (the profile's heartbeat, stretched where the substrate is).
    """

    def __init__(self, cell: str, backend: Backend) -> None:
        self._cell, self._backend = cell, backend
        self.found_by = ""
        """Id of the check that found it silent."""
        self._since = 0.0
        self._waits_once = False

    def notice(self, check: str, limit_s: float) -> None:
        """A check that counts on the agent failed: was the agent heard at all meanwhile? Never raises."""
        if self.found_by or BackendFeature.HEARTBEAT not in self._backend.features:
            return
        now = time.time()
        with suppress(HarnessError):  # a backend that fails says so to the checks
            if not self._heard(now - limit_s, ASK_S):
                self.found_by, self._since = check, now

    def rebooted(self) -> None:
        """The agent was started anew, and may be heard again."""
        self._waits_once = bool(self.found_by)

    def still(self) -> str:
        """Id of the check that found the agent silent, if nothing was heard of it since; else empty.

        Raises what the backend raises.
        """
        if not self.found_by:
            return ""
        wait_s, self._waits_once = (AGAIN_S if self._waits_once else ASK_S), False
        if self._heard(self._since, wait_s):
            self.found_by = ""
        return self.found_by

    def patience(self, deadline: Deadline) -> Deadline:
        """How long to wait for a sign of life: the whole deadline, unless the agent was found silent before."""
        return Deadline.after(deadline.cap(AGAIN_S)) if self.found_by else deadline

    def _heard(self, after: float, wait_s: float) -> bool:
        return self._backend.wait_seen(self._cell, Deadline.after(wait_s), after=after) is not None
