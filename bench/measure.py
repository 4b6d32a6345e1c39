"""How a benchmark is measured and told."""

import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """Medians of interleaved runs, in seconds. `ratio` is how many times faster ours is."""

    name: str
    ours_s: float
    peer: str
    peer_s: float
    ratio: float
    note: str = ""

    def as_json(self) -> str:
        """One JSON object on one line."""
        return json.dumps(asdict(self))


def seconds(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def result(name: str, ours: Iterable[float], peer: str, peers: Iterable[float], note: str = "") -> Result:
    """Medians of both sides and their ratio."""
    ours_s, peer_s = statistics.median(ours), statistics.median(peers)
    return Result(name, round(ours_s, 5), peer, round(peer_s, 5), round(peer_s / ours_s, 2), note)


def interleaved(
    name: str,
    ours: Callable[[], object],
    peer: str,
    theirs: Callable[[], object],
    *,
    runs: int,
    note: str = "",
) -> Result:
    """Run both sides by turns, so that the machine's moods touch both alike."""
    mine, others = [], []
    for _ in range(runs):
        mine.append(seconds(ours))
        others.append(seconds(theirs))
    return result(name, mine, peer, others, note)
