"""`isolated-reboot`: the host is isolated when it is rebooted, and is to be isolated still when it is up again."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.lifecycle.dirt.isolated import isolating
from harness.lifecycle.timeline import Timeline


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Have the agent isolate its host; see `isolating`. Whoever looks after the reboot releases it."""
    with isolating(timeline, "reboot", "nothing can reboot it"):
        yield
