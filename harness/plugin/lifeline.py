"""A worker never outlives the process that controls it."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_controller() -> None:
    """Be killed by the kernel the moment the controlling process ends, however it ends.

    A worker that lived on would own its machines, so that `bvt clean` would leave them alone. Raises `OSError` if the
    kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
