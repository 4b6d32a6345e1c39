"""A file that one process holds at a time. Whoever waits for it has a deadline, says so, and can name the holder.

The kernel lets go of it when its holder ends, however that ends (flock(2)). The holder writes its process id into it.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.1
"""Between two looks: most locks are held for milliseconds, a build's for minutes."""
TELL_S, TELL_AGAIN_S = 0.5, 60.0
"""After that a wait is told, and told again."""


@contextmanager
def held(
    path: Path, work: str, deadline: Deadline, progress: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold the lock file `path`, which is made if it is not there; its folder is.

    `work`: what the holder is doing, as in "builds the Wine image". `progress` is told of a wait that is not short.
    A lock that is free is taken even if the deadline has passed. Raises `DeadlineExceeded`, with who holds it and what
    to do; `InfrastructureError` if the file cannot be locked at all.
    """
    try:
        descriptor = _opened(path)
    except OSError as error:
        raise InfrastructureError(f"The lock {path} cannot be opened: {error.strerror}.") from error
    try:
        _take(descriptor, path, work, deadline, progress)
        with _signed(descriptor):
            yield
    finally:
        os.close(descriptor)  # which lets go of the lock


@contextmanager
def held_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock file `path`, unless another process does: whether it is held. Raises `OSError`."""
    descriptor = _opened(path)
    try:
        if not _free(descriptor):
            yield False
            return
        with _signed(descriptor):
            yield True
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock now, or may, as it is another user's. Makes no file. Raises `OSError`."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    try:
        return not _free(descriptor)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    # What is in it is the holder's: opening it must not empty it.
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take(
    descriptor: int, path: Path, work: str, deadline: Deadline, progress: Callable[[str], None]
) -> None:
    began, tell_at_s, pause_s = time.monotonic(), TELL_S, FIRST_PAUSE_S
    try:
        while not _free(descriptor):
            waited_s = time.monotonic() - began
            if deadline.passed:
                raise _given_up(descriptor, path, work, waited_s)
            if waited_s >= tell_at_s:
                so_far = f", for {waited_s:.0f} s so far" if tell_at_s > TELL_S else ""
                progress(f"waiting for {_who(_holder(descriptor))} that {work}{so_far}")
                tell_at_s = waited_s + TELL_AGAIN_S
            deadline.pause(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
    except OSError as error:  # a file system without locks
        raise InfrastructureError(f"{path} cannot be locked: {error.strerror}.") from error


def _given_up(descriptor: int, path: Path, work: str, waited_s: float) -> DeadlineExceeded:
    pid = _holder(descriptor)
    if pid is None:
        hint = f"See which process holds {path} with: fuser -v {path}"
    else:
        since_s = max(0.0, time.time() - os.fstat(descriptor).st_mtime)
        hint = f"It has held {path} for {since_s:.0f} s; if it hangs, end it with: kill {pid}"
    return DeadlineExceeded(f"The end of {_who(pid)} that {work}", round(waited_s, 1), hint=hint)


def _who(pid: int | None) -> str:
    if pid == os.getpid():
        return f"another thread of process {pid}"
    return "another process" if pid is None else f"another process ({pid})"


def _holder(descriptor: int) -> int | None:
    """The process that holds the lock; None if that cannot be told, or cannot be seen from here (a container's)."""
    try:
        pid = int(os.pread(descriptor, 20, 0))
        os.kill(pid, 0)
    except PermissionError:
        return pid  # another user's
    except (OSError, ValueError, OverflowError):
        return None
    return pid if pid > 0 else None


@contextmanager
def _signed(descriptor: int) -> Iterator[None]:
    """Write this process's id into the file it holds, and take it out again."""
    with suppress(OSError):  # a full disk: who waits is not told who holds it
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    try:
        yield
    finally:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
