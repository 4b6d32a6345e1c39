"""No test waits for ever: what happens when the time of one is up.

pytest-timeout finds how long a test may take (`timeout` in pyproject.toml, or the marker) and this says what then
happens, because its own two ways are not enough here. The one by signal fires once: a test that fails so, and then waits
for a program's end on its way out, waits for ever. The one by thread ends the whole process with all its machines.

So the test in hand fails, with the stacks of all threads and the programs it had started in its message; and fails
again, every `GRACE_S`, until it and its fixtures have ended. Only a process that does not get there at all is given up.
"""

import faulthandler
import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
import pytest

RUN_S = 600.0
"""One command with a few cells on Wine, which takes less than half a minute on an idle host, and ten times that on one
with ten times as much to do."""
LAB_RUN_S = 3000.0
"""The same on virtual machines, image and template included where there are none: three minutes on an idle host. Longer
than the template may take (`template_deadline_s`), so that the run itself says what went wrong."""
WINE_S = 3 * RUN_S
LIBVIRT_S = LAB_RUN_S + RUN_S
"""Of one test. What a fixture needs counts for the first that uses it."""
GRACE_S = 60.0
GIVEN_UP_AFTER = 5.5
"""Graces. Then Python itself does not run any more, or something swallows what is raised. Between two failures: what
Python is about while it words one cannot be read from another thread without a crash."""

_real_stderr = pytest.StashKey[int]()
_running = pytest.StashKey[bool]()
_looking = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep a way out for the last words of a process that is given up."""
    config.stash[_real_stderr] = os.dup(2)


def pytest_unconfigure(config: pytest.Config) -> None:
    os.close(config.stash[_real_stderr])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests on machines the time that these take."""
    for item in items:
        if item.get_closest_marker("timeout") is None and (length_s := _of_machines(item)):
            item.add_marker(pytest.mark.timeout(length_s))


def _of_machines(item: pytest.Item) -> float:
    if item.get_closest_marker("libvirt"):
        return LIBVIRT_S
    return WINE_S if item.get_closest_marker("wine") else 0.0


@pytest.hookimpl(optionalhook=True)  # pytest-timeout may be switched off
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool:
    """Set the timer, in place of pytest-timeout's own."""

    def up(_number: int, _frame: FrameType | None) -> None:
        __tracebackhide__ = True
        if not item.stash.get(_running, False) or item.stash.get(_looking, False):
            return
        item.stash[_looking] = True  # on a busy host a look may take longer than a grace
        try:
            seen = programs() + stacks()
        finally:
            item.stash[_looking] = False
        pytest.fail(f"The test had {settings.timeout:g} s.\n{seen}")

    signal.signal(signal.SIGALRM, up)
    signal.setitimer(signal.ITIMER_REAL, settings.timeout, GRACE_S)
    faulthandler.dump_traceback_later(
        settings.timeout + GRACE_S * GIVEN_UP_AFTER, exit=True, file=item.config.stash[_real_stderr]
    )
    return True


@pytest.hookimpl(optionalhook=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> bool:
    """A test that failed goes on to its fixtures' ends, so its time does, too; unless a person debugs it."""
    if item.config.getoption("usepdb"):
        _cancel()
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """With the end of its fixtures a test's time is over."""
    try:
        return (yield)
    finally:
        _cancel()


def _runs(item: pytest.Item) -> Generator[None, object, object]:
    """Within these pytest takes what is raised for the test's failure; between them it would end everything."""
    item.stash[_running] = True
    try:
        return (yield)
    finally:
        item.stash[_running] = False


pytest_runtest_setup = pytest.hookimpl(wrapper=True, tryfirst=True)(_runs)
pytest_runtest_call = pytest.hookimpl(wrapper=True, tryfirst=True)(_runs)
pytest_runtest_teardown = pytest.hookimpl(wrapper=True, tryfirst=True)(_runs)


def _cancel() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    faulthandler.cancel_dump_traceback_later()


def stacks() -> str:
    """Where each thread of this process is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "".join(
        f"--- thread {names.get(ident, ident)}\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    )


def programs() -> str:
    """What runs below this process, and what each waits for in the kernel."""
    lines = []
    for process in psutil.Process().children(recursive=True):
        try:
            waits = Path(f"/proc/{process.pid}/wchan").read_text()
            lines.append(f"{process.pid} {process.status()} {waits}: {' '.join(process.cmdline())[:200]}\n")
        except (psutil.Error, OSError):  # it ended meanwhile
            continue
    return "--- programs\n" + "".join(lines) if lines else ""
