"""A limit for what libvirt waits for without end: a QEMU that is stopped, or waits for a dead disk, answers nothing."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from harness.model.errors import DeadlineExceeded

Answer = TypeVar("Answer")

ANSWER_S = 20.0
"""A QEMU on a host that is merely busy answers in milliseconds, seldom in seconds."""


def within(what: str, call: Callable[[], Answer], seconds: float | None = None) -> Answer:
    """The call's answer, or `DeadlineExceeded` after `seconds` (None: `ANSWER_S`); what the call raises is raised.

    libvirt has no way to take a call back. It goes on in a thread of its own until QEMU answers or is ended.
    """
    answer: Future[Answer] = Future()

    def work() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised below, where somebody waits for it
            answer.set_exception(error)

    threading.Thread(target=work, name=what, daemon=True).start()
    limit_s = ANSWER_S if seconds is None else seconds
    try:
        return answer.result(limit_s)
    except TimeoutError:
        if answer.done():
            raise
        raise DeadlineExceeded(what, limit_s, hint="See whether its host's disks answer.") from None
