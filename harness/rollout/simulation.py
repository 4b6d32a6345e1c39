"""Roll-outs to hosts that do not exist: how a halt rule would fare, before anybody relies on it."""

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from harness.rollout.decision import Endpoint, Group, Rollout
from harness.rollout.halt import HaltRule, Harm, Race
from harness.rollout.health import Watched

Rates = Mapping[Harm, float]
"""Chance of each harm within the window."""

ORDINARY: Rates = {Harm.CRASH: 0.002, Harm.UNINSTALL: 0.003, Harm.SILENCE: 0.03}
"""A fleet on a good day: notebooks are closed, hosts are replaced."""


def harms(random_: random.Random, hosts: int, rates: Rates) -> list[Harm]:
    """What so many hosts come to, each to one harm at most."""
    number = _binomial(random_, hosts, sum(rates.values()))
    return random_.choices(list(rates), list(rates.values()), k=number) if number else []


def halted(
    rule: HaltRule, random_: random.Random, candidates: int, controls: int, release: Rates, others: Rates
) -> bool:
    """Whether a roll-out to `candidates` hosts is halted at any of its looks: one after each harm of any host."""
    happened = [(harm, True) for harm in harms(random_, candidates, release)]
    happened += [(harm, False) for harm in harms(random_, controls, others)]
    random_.shuffle(happened)
    race = Race(rule)
    for harm, candidate in happened:
        race.harmed(harm, candidate=candidate, candidates=candidates, controls=controls)
        if race.worse:
            return True
        candidates, controls = candidates - candidate, controls - (not candidate)
    return False


@dataclass(frozen=True)
class Fleet:
    """Hosts that ask for a version every `poll_s`, from their own first time within `spread_s` on."""

    hosts: int = 100_000
    poll_s: float = 900.0
    spread_s: float = 86_400.0
    others: Rates = field(default_factory=lambda: ORDINARY)
    """What comes to a host without the release."""

    def roll_out(
        self, rollout: Rollout, release: Rates, rule: HaltRule, random_: random.Random
    ) -> list[Watched]:
        """All that is known of the watched hosts once each of them has been watched to the end."""
        return list(self._watched(rollout, release, rule, random_))

    def _watched(
        self, rollout: Rollout, release: Rates, rule: HaltRule, random_: random.Random
    ) -> Iterator[Watched]:
        for number in range(self.hosts):
            endpoint = Endpoint(f"host-{number}")
            entered = random_.uniform(0, self.spread_s)
            group = rollout.decide(endpoint, entered).group
            if group is Group.NEITHER:
                continue
            candidate = group is Group.CANDIDATE
            drawn = harms(random_, 1, release if candidate else self.others)
            # Silence begins no later than so that it is noticed within the window.
            latest = rule.window_s - rule.silence_s if drawn == [Harm.SILENCE] else rule.window_s
            at = entered + random_.uniform(0, latest)
            heard = entered + rule.window_s
            if drawn:
                heard = entered + (at - entered) // self.poll_s * self.poll_s
            reported = drawn[0] if drawn and drawn[0] is not Harm.SILENCE else None
            yield Watched(
                endpoint.id, candidate, "production", entered, heard, reported, at if reported else 0.0
            )


def threshold_halts_at(hosts: Iterable[Watched], share: float, least: int) -> float | None:
    """When the usual rule would have halted: reported harms among offered hosts above `share`, from `least` hosts on.

    None: never. What is not reported it does not see.
    """
    candidates = [host for host in hosts if host.candidate]
    changes = [(host.entered, 0) for host in candidates]
    changes += [(host.harmed_at, 1) for host in candidates if host.harm is not None]
    offered = reported = 0
    for at, harmed in sorted(changes):
        offered, reported = offered + (not harmed), reported + harmed
        if offered >= least and reported > share * offered:
            return at
    return None


def reached(hosts: Iterable[Watched], at: float | None) -> int:
    """How many hosts had been offered the release by then; None: all that it was for."""
    return sum(host.candidate and (at is None or host.entered <= at) for host in hosts)


def _binomial(random_: random.Random, count: int, chance: float) -> int:
    """How many of `count` succeed, by the gaps between successes: quick where they are rare."""
    if chance <= 0:
        return 0
    if chance >= 1:
        return count
    number, position, scale = 0, 0, math.log1p(-chance)
    while (gap := math.log(1 - random_.random()) / scale) < count - position:
        number, position = number + 1, position + int(gap) + 1
    return number
