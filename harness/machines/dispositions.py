"""What a process on the host finds in place for its signals, and must not hand on to a machine.

A mask and ignored signals survive exec(2): a run in the background of a script ignores SIGINT, and a service may block
signals. A machine is the same whoever starts it: else Ctrl-C would reach no command in its guest. Standard library only.
"""

import signal

INHERITED = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD)


def begin_anew() -> None:
    """No signal is ignored or blocked from here on. For a process that stands alone, in its main thread."""
    for number in INHERITED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
