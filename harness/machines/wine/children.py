"""The processes of a machine that its init starts or ends without Wine: the WinRM server, and all that is left."""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.machines.wine.order import Berth
from harness.machines.wine.processes import holders


def start_winrm(
    config: Path, listener: socket.socket, environment: Mapping[str, str], closes: Sequence[int]
) -> int:
    """Fork the WinRM server; its process id. It inherits the listening socket and the interpreter.

    `closes`: descriptors of init that are not the server's.
    """
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)
        os.environ.clear()
        os.environ.update(environment)
        for descriptor in closes:
            os.close(descriptor)
        _serve(config, listener)
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


def _serve(config: Path, listener: socket.socket) -> None:
    import threading

    from harness.winrmd.config import load_config
    from harness.winrmd.server import serve

    serve(load_config(config), listener, threading.Event())


def kill_the_rest(berth: Berth) -> None:
    """End every process of the machine but its init. In a process namespace one call does."""
    if berth.namespaces:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
    else:
        spared = {os.getpid(), os.getppid(), os.getsid(os.getppid())}
        for pid, line in holders(berth.places.prefix).items():
            if pid not in spared and "wine.supervisor" not in line:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def how_it_ended(status: int) -> str:
    """What `waitpid` said of a process, in words."""
    code = os.waitstatus_to_exitcode(status)
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
