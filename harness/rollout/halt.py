"""The halt rule: is the release worse than what everybody else has? Right however often it is asked.

Two tests, each an e-process: a number that starts at 1, and that chance alone brings above 1/alpha in no more than
a part alpha of all roll-outs, over all looks together (Ville's inequality). So the rule may look at every event.

- `Race` asks *is it worse?* Hosts are drawn by hash, so if the release changed nothing, the next host that comes to harm
  would be a candidate host with probability (candidate hosts at risk) / (all at risk), whatever the rate and the hour.
  The evidence is the likelihood ratio of that draw against one in which candidate hosts fare worse.
  Source: ter Schure, Pérez-Ortiz, Ly and Grünwald, "The anytime-valid logrank test"; mixture over ratios after Robbins.
- `Bets` asks *is it good enough?* A bet at each block of hosts that the release does not do the harm that
  `HaltRule.harm` names. Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting".

Neither answer is the third one: inconclusive, which never promotes.
"""

import math
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from harness.model.base import DAY_S, Frozen, Seconds

RATIOS = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""How much worse a release may be, each with the same weight. What lies between is found a little later."""

STAKES = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Parts of the largest stake that can never be lost whole."""


class Harm(StrEnum):
    """What a host can come to. The first one counts."""

    CRASH = "crash"
    UNINSTALL = "uninstall"
    SILENCE = "silence"
    """It was offered a version, and was not heard of any more."""


class HaltRule(Frozen):
    """What is held against a release, and with how much certainty: a part of `tiers.yaml`."""

    alpha: Annotated[float, Field(gt=0, le=0.2)] = 0.01
    """Part of harmless roll-outs that are halted, at most, over all looks and steps."""
    power: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    """Part of the releases with at least `harm` that are *not* called healthy, at least."""
    harm: Annotated[float, Field(gt=0, lt=0.5)] = 0.02
    """Hosts that come to harm beyond those of the control group: 0.02 is two in a hundred."""
    control_harm: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Part of the control group that may come to harm: above it something else is wrong, and nothing is healthy."""
    tolerated_ratio: Annotated[float, Field(ge=1, le=10)] = 1.0
    """How many times as often as in the control group harm may come: installing as such costs a little."""
    window_s: Seconds = 14_400.0
    """How long a host is watched after its offer."""
    silence_s: Seconds = 3_600.0
    """Not heard of for so long: silent. Longer than two polls."""
    cohort_s: Annotated[float, Field(ge=1, le=DAY_S)] = 3_600.0
    """Hosts that enter within this time are compared with each other."""

    @model_validator(mode="after")
    def _silence_fits(self) -> "HaltRule":
        if self.window_s < 2 * self.silence_s:
            raise ValueError(
                "window_s must be at least twice as long as silence_s, or silence would never be seen"
            )
        return self


class Race:
    """Is it worse? Evidence from one harm after the other, for each kind of harm and for all together."""

    def __init__(self, rule: HaltRule) -> None:
        self._base = rule.tolerated_ratio
        self._ratios = tuple(ratio * self._base for ratio in RATIOS)
        self._gains = tuple(math.log(ratio) for ratio in RATIOS)
        self._bound = math.log(1 / rule.alpha)
        self._any = [0.0] * len(RATIOS)
        self._kinds = {harm: [0.0] * len(RATIOS) for harm in Harm}
        self.evidence = 0.0
        """Natural logarithm of the e-process."""

    @property
    def worse(self) -> bool:
        """The evidence is enough to halt."""
        return self.evidence >= self._bound

    def harmed(self, harm: Harm, *, candidate: bool, candidates: int, controls: int) -> None:
        """A host came to harm, when so many of both groups (itself included) were at risk in its cohort."""
        if not candidates or not controls:
            return  # no race: nothing can be learnt
        kind, both, base = self._kinds[harm], self._any, candidates * self._base + controls
        for number, ratio in enumerate(self._ratios):
            step = -math.log((candidates * ratio + controls) / base)
            if candidate:
                step += self._gains[number]
            kind[number] += step
            both[number] += step
        self.evidence = _log_mean([*both, *(each for logs in self._kinds.values() for each in logs)])

    def leading(self) -> Harm | None:
        """The kind of harm that speaks most against the release, if any does by itself."""
        kind = max(self._kinds, key=lambda harm: _log_mean(self._kinds[harm]))
        return kind if _log_mean(self._kinds[kind]) > 0 else None


class Bets:
    """Is it good enough? Bets that candidate hosts do not come to more harm than control hosts, plus `harm`."""

    def __init__(self, rule: HaltRule) -> None:
        self._harm = rule.harm
        self._stakes = tuple(part / (1 - rule.harm) for part in STAKES)
        self._bound = math.log(1 / (1 - rule.power))
        self._logs = [0.0] * len(STAKES)

    @property
    def evidence(self) -> float:
        """Natural logarithm of the e-process."""
        return _log_mean(self._logs)

    @property
    def good(self) -> bool:
        """The evidence is enough to go on."""
        return self.evidence >= self._bound

    def block(self, candidate: float, control: float) -> None:
        """Parts of a block's candidate and control hosts, 0 to 1 each, that came to harm. Each host is in one block."""
        won = self._harm - (candidate - control)
        for number, stake in enumerate(self._stakes):
            self._logs[number] += math.log1p(stake * won)


def _log_mean(logs: list[float]) -> float:
    """The logarithm of the mean of what these are the logarithms of."""
    top = max(logs)
    return top + math.log(sum(math.exp(each - top) for each in logs) / len(logs))
