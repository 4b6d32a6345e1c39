"""One builder at a time for whatever is built once and shared."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.machines.provider import Progress
from harness.model.deadline import Deadline


@contextmanager
def build_lock(path: Path, what: str, deadline_s: float, progress: Progress) -> Iterator[None]:
    """Hold the build lock; the kernel frees it if the holder is killed. Raises `DeadlineExceeded`."""
    deadline = Deadline.after(deadline_s)
    told = False
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    progress(f"Another process is building {what}; waiting for it.")
                    told = True
                deadline.require(
                    f"the end of another process's build of {what}",
                    hint=f"See who holds {path} with: lsof",
                )
                time.sleep(0.1)
        yield
