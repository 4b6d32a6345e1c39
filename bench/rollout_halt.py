"""The halt rule over simulated roll-outs, beside a threshold on what hosts report."""

import random
import statistics
from collections.abc import Iterable

from bench.measure import Result, seconds
from harness.rollout.decision import Rollout
from harness.rollout.halt import HaltRule, Harm
from harness.rollout.health import Health, Watched, assess
from harness.rollout.share import Share
from harness.rollout.simulation import ORDINARY, Fleet, Rates, halted, reached, threshold_halts_at

RUNS, FLEETS = 10_000, 20
LONG_AFTER = 1e6
THRESHOLD, LEAST = 0.05, 20
"""Halt above 5 % of reported errors, from 20 hosts on."""

BAD: dict[str, Rates] = {
    "silent_tenth": {**ORDINARY, Harm.SILENCE: ORDINARY[Harm.SILENCE] + 0.1},
    "crashed_tenth": {**ORDINARY, Harm.CRASH: ORDINARY[Harm.CRASH] + 0.1},
    "crashed_fiftieth": {**ORDINARY, Harm.CRASH: ORDINARY[Harm.CRASH] + 0.02},
}


def measure() -> Iterable[Result]:
    rule, random_ = HaltRule(), random.Random(2026)
    false: list[bool] = []
    spent_s = seconds(
        lambda: false.extend(halted(rule, random_, 200, 2000, ORDINARY, ORDINARY) for _ in range(RUNS))
    )
    naive = sum(_threshold_halts(random_) for _ in range(RUNS)) / RUNS
    note = f"false halts in {RUNS} harmless roll-outs, as parts of 1; α is {rule.alpha:g}; {spent_s:.1f} s"
    rate = sum(false) / RUNS
    yield Result("rollout_false_halts", rate, "halt above 5 %", naive, _ratio(naive, rate), note)
    rollout = Rollout("agent-7.2.0", "7.2.0", "7.1.0", {"production": Share.parse(1)})
    for name, release in BAD.items():
        fleets = [Fleet().roll_out(rollout, release, rule, random_) for _ in range(FLEETS)]
        found = [assess(hosts, rule, LONG_AFTER) for hosts in fleets]
        caught = sum(each.health is Health.HALT for each in found)
        ours = _median(reached(hosts, each.worse_since) for hosts, each in zip(fleets, found, strict=True))
        theirs = _median(_reached_by_threshold(hosts) for hosts in fleets)
        everybody = _median(reached(hosts, None) for hosts in fleets)
        note = f"hosts reached, not seconds, of {everybody:g} in the 1 % step; halted {caught} of {FLEETS}"
        yield Result(f"rollout_reached_{name}", ours, "halt above 5 %", theirs, _ratio(theirs, ours), note)


def _threshold_halts(random_: random.Random) -> bool:
    """The usual rule on a harmless release of which 1 % of the hosts report an error; it looks after each host."""
    errors = 0
    for hosts in range(1, 201):
        errors += random_.random() < 0.01
        if hosts >= LEAST and errors > THRESHOLD * hosts:
            return True
    return False


def _reached_by_threshold(hosts: list[Watched]) -> int:
    return reached(hosts, threshold_halts_at(hosts, THRESHOLD, LEAST))


def _median(values: Iterable[int]) -> float:
    return float(statistics.median(values))


def _ratio(theirs: float, ours: float) -> float:
    return round(theirs / ours, 2) if ours else float("inf")
