"""What the probe says of processes, their sockets, and the programs that it started."""

from datetime import datetime

from harness.probe.answers.answer import Answer


class Process(Answer):
    """One process. `path`, `command_line` and `started` are None where the system refuses to say."""

    pid: int
    ppid: int
    name: str
    path: str | None
    command_line: str | None
    started: datetime | None
    session: int | None
    threads: int
    working_set: int | None = None
    committed: int | None = None
    """Bytes of memory that it alone may use, touched or not; None where the guest does not tell."""
    cpu_ms: int | None = None
    """Of all its threads since its start; None where the system does not tell, as Wine."""
    handles: int | None = None
    priority: str | None = None
    """The name of its priority class, such as `normal` or `high`."""


class Socket(Answer):
    """One TCP or UDP endpoint. `state` is None for UDP; `pid` is None where the owner is unknown."""

    protocol: str
    local_address: str
    local_port: int
    remote_address: str | None
    remote_port: int | None
    state: str | None
    pid: int | None


class Child(Answer):
    """A program of the tree that `run --tree` awaited after the first one's end. Not `ended`: ended by the probe."""

    pid: int
    path: str
    exit_code: int
    ended: bool


class Finished(Answer):
    """How a program ended that `run` or `exec` started: its result file, or the answer without --detach."""

    exit_code: int
    pid: int | None = None
    timed_out: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    error: str | None = None
    code: int | None = None
    children: tuple[Child, ...] = ()


class Detached(Answer):
    """A program that `run --detach` left running. `task` names the scheduled task of --as-system."""

    pid: int | None
    started: datetime
    task: str | None = None
