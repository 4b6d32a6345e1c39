"""Asks a Debian mirror again while it is being brought up to date: it serves lists of two days for a moment."""

from collections.abc import Callable
from typing import TypeVar

import tenacity

from harness.model.errors import InfrastructureError, ProgramFailed

Answer = TypeVar("Answer")

ASKED_AT_MOST = 4
SYNC_PAUSE_S = 15.0
OF_TWO_STATES = ("unexpected size", "Mirror sync in progress", "Hash Sum mismatch")
"""What apt says of such a moment."""


def asked_again(ask: Callable[[], Answer]) -> Answer:
    """The answer of `ask`, which is called again while it fails because the mirror changes.

    Raises what `ask` raises: at once for any other reason, after `ASKED_AT_MOST` times for this one.
    """
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ASKED_AT_MOST),
        wait=tenacity.wait_fixed(SYNC_PAUSE_S),
        retry=tenacity.retry_if_exception(between_two_states),
        reraise=True,
    )
    return retrying(ask)


def between_two_states(error: BaseException) -> bool:
    """Whether apt failed because its mirror was being changed."""
    if not isinstance(error, InfrastructureError):
        return False
    said = f"{error}\n{error.said}" if isinstance(error, ProgramFailed) else str(error)
    return any(words in said for words in OF_TWO_STATES)
