"""What Prometheus reads. All workers together: `PROMETHEUS_MULTIPROC_DIR` is set before this is imported.

Decisions are tallied in plain numbers and handed over with the recorder's tick: `prometheus_client` asks for the process
id at every step of a counter that several processes share, which costs more than a decision.
"""

from collections import Counter as Tally

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

SAMPLE = 16
REQUESTS = Counter("bvt_serve_requests", "Requests, by path and status.", ["path", "status"])
DECISIONS = Counter("bvt_serve_decisions", "Decisions, by product and reason.", ["product", "reason"])
REPORTS = Counter("bvt_serve_health_reports", "Reports about hosts, by kind.", ["kind"])
SECONDS = Histogram(
    "bvt_serve_request_seconds",
    f"Time of one in {SAMPLE} decisions in the worker.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0),
)
GENERATION = Gauge("bvt_serve_settings_generation", "Settings in use.", multiprocess_mode="min")


class Tallies:
    """A worker's own counts since they were last handed over."""

    def __init__(self) -> None:
        self._answers: Tally[tuple[str, str, str, str]] = Tally()
        self._seconds: list[float] = []
        self._number = 0

    def decided(self, path: str, status: str, product: str, reason: str, seconds: float) -> None:
        """Count an answer. On the event loop."""
        self._answers[path, status, product, reason] += 1
        self._number += 1
        if self._number % SAMPLE == 0:
            self._seconds.append(seconds)

    def take(self) -> "Tallies":
        """What was counted until now. On the event loop."""
        taken = Tallies()
        taken._answers, self._answers = self._answers, taken._answers
        taken._seconds, self._seconds = self._seconds, taken._seconds
        return taken

    def hand_over(self) -> None:
        """Count what was taken into the metrics. In any thread."""
        for (path, status, product, reason), number in self._answers.items():
            REQUESTS.labels(path, status).inc(number)
            DECISIONS.labels(product, reason).inc(number)
        for each in self._seconds:
            SECONDS.observe(each)


def exposition() -> tuple[bytes, str]:
    """The text that Prometheus reads, and its media type."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
