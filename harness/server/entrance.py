"""Where a worker process begins. Its parent's modules are not imported there: they take longer than the worker's own."""

from pathlib import Path


def application(store: Path) -> object:
    """The ASGI application. What it imports is imported in the worker, where the metrics' folder is known."""
    from harness.server.worker import application as made

    return made(store)
