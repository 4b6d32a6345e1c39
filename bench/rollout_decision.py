"""A million hosts that ask 56 times at 1 %, beside a draw per request."""

import random
import time
from collections.abc import Callable

from bench.measure import Result
from harness.rollout.decision import Endpoint, Rollout
from harness.rollout.share import Share

HOSTS, POLLS = 1_000_000, 56


def measure() -> list[Result]:
    hosts = [Endpoint(f"host-{number:07}") for number in range(HOSTS)]
    one, five = _rollout(1), _rollout(5)
    decide, draw = one.decide, random.Random(1).random
    began = time.process_time()
    for host in hosts:
        decide(host, 0.0)
    ours_s = time.process_time() - began
    began = time.process_time()
    drawn = _reached(lambda _host: draw() < 0.01, hosts)
    peer_s = (time.process_time() - began) / POLLS
    mine = _reached(lambda host: decide(host, 0.0).version == one.version, hosts)
    wide = bytearray(five.decide(host, 0.0).version == five.version for host in hosts)
    held = all(not small or large for small, large in zip(mine, wide, strict=True))
    note = (
        f"processor time of a million decisions; after {POLLS} polls at 1 % {sum(mine) / HOSTS:.3%} have it,"
        f" with a draw {sum(drawn) / HOSTS:.1%}; 5 % holds all of 1 %: {'yes' if held else 'NO'}"
    )
    ratio = round(peer_s / ours_s, 2)
    return [Result("rollout_decision", round(ours_s, 3), "a draw per request", round(peer_s, 3), ratio, note)]


def _rollout(percent: int) -> Rollout:
    return Rollout("agent-7.2.0", "7.2.0", "7.1.0", {"production": Share.parse(percent)})


def _reached(chosen: Callable[[Endpoint], bool], hosts: list[Endpoint]) -> bytearray:
    """Which hosts got the release at any of their polls."""
    reached = bytearray(len(hosts))
    for _ in range(POLLS):
        for number, host in enumerate(hosts):
            if chosen(host):
                reached[number] = 1
    return reached
