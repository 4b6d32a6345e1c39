"""Shells: what a client has open, whose it is, and when it ends. No sockets, no XML."""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import faults, shell_faults
from .config import Limits
from .launcher import Launchers
from .process import Command

Clock = Callable[[], float]


@dataclass(frozen=True)
class ShellSettings:
    """What a client asked for when it created the shell."""

    owner: str
    client_ip: str
    input_streams: tuple[str, ...] = ("stdin",)
    output_streams: tuple[str, ...] = ("stdout", "stderr")
    working_directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    codepage: int | None = None
    name: str = ""
    idle_timeout_s: float = 7200.0
    lifetime_s: float = 28800.0


class Shell:
    """One open shell. Its commands are its own; `started` counts all that it ever started."""

    def __init__(self, shell_id: str, settings: ShellSettings, launchers: Launchers, now: float) -> None:
        self.shell_id = shell_id
        self.settings = settings
        self.launchers = launchers
        self.commands: dict[str, Command] = {}
        self.started = 0
        self.created = now
        self.last_used = now
        self.in_use = 0

    def expires_at(self) -> float:
        """When the shell ends if nobody uses it; an operation under way keeps it from being idle."""
        end = self.created + self.settings.lifetime_s
        return end if self.in_use else min(end, self.last_used + self.settings.idle_timeout_s)

    def looked_at_again(self, now: float) -> float:
        """When it may be over at the earliest, whatever happens meanwhile."""
        return min(self.expires_at(), now + self.settings.idle_timeout_s)

    def running(self) -> int:
        """How many of its commands run."""
        return sum(command.running for command in list(self.commands.values()))  # others end some meanwhile


class ShellTable:
    """All open shells of a server, within its limits."""

    def __init__(self, limits: Limits, clock: Clock = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._changed = threading.Condition()
        self._shells: dict[str, Shell] = {}
        self._operations: dict[str, int] = {}
        self._closed = False

    def now(self) -> float:
        """The table's clock."""
        return self._clock()

    def create(self, settings: ShellSettings, launchers: Launchers, proposed_id: str | None = None) -> Shell:
        """Open a shell; raises `Fault` if its owner has too many, the proposed id is taken, or the server ends."""
        with self._changed:
            if self._closed:
                raise shell_faults.aborted()
            mine = sum(shell.settings.owner == settings.owner for shell in self._shells.values())
            if mine >= self._limits.max_shells_per_user:
                raise shell_faults.too_many_shells(self._limits.max_shells_per_user)
            shell_id = (proposed_id or str(uuid.uuid4())).upper()
            if shell_id in self._shells:
                raise shell_faults.already_exists(f"The shell {shell_id}")
            shell = Shell(shell_id, settings, launchers, self._clock())
            self._shells[shell_id] = shell
            self._changed.notify_all()
            return shell

    def owned(self, owner: str) -> list[Shell]:
        """The owner's shells, the oldest first."""
        with self._changed:
            mine = [shell for shell in self._shells.values() if shell.settings.owner == owner]
        return sorted(mine, key=lambda shell: (shell.created, shell.shell_id))

    def use(self, shell_id: str, owner: str) -> "ShellUse":
        """The owner's shell, kept from expiring while the returned context is open."""
        return ShellUse(self, shell_id, owner)

    def enter(self, shell_id: str, owner: str) -> Shell:
        """Count a use of the shell; raises `Fault` if the owner has no such shell."""
        with self._changed:
            shell = self._shells.get(shell_id.upper())
            if shell is None or shell.settings.owner != owner:
                raise shell_faults.shell_not_found(shell_id)
            shell.in_use += 1
            return shell

    def leave(self, shell: Shell) -> None:
        """End a use."""
        with self._changed:
            shell.in_use -= 1
            shell.last_used = self._clock()

    def begin_operation(self, owner: str, *, limited: bool) -> None:
        """Count an operation under way; raises `Fault` if it is `limited` and the owner has too many.

        Commands count until their shell is closed, even when they are terminated (MS-WSMV product behaviour
        note 118). What reads from, ends or closes them is not limited, or nobody could get below the limit.
        """
        with self._changed:
            begun = self._operations.get(owner, 0)
            commands = sum(shell.started for shell in self._shells.values() if shell.settings.owner == owner)
            if limited and begun + commands >= self._limits.max_operations_per_user:
                raise faults.too_many_operations(self._limits.max_operations_per_user)
            self._operations[owner] = begun + 1

    def end_operation(self, owner: str) -> None:
        """Count an operation as over."""
        with self._changed:
            self._operations[owner] -= 1

    def add_command(self, shell: Shell, command_id: str | None, start: Callable[[str], Command]) -> Command:
        """Start a command in the shell; raises `Fault` if too many run there, or its id is taken."""
        with self._changed:
            if self._shells.get(shell.shell_id) is not shell:
                raise shell_faults.shell_not_found(shell.shell_id)
            if shell.running() >= self._limits.max_processes_per_shell:
                raise shell_faults.too_many_processes(self._limits.max_processes_per_shell)
            identifier = (command_id or str(uuid.uuid4())).upper()
            if identifier in shell.commands:
                raise shell_faults.already_exists(f"The command {identifier}")
            command = start(identifier)
            shell.commands[identifier] = command
            shell.started += 1
            return command

    def close(self, shell: Shell) -> None:
        """Close the shell with its commands. Idempotent."""
        with self._changed:
            self._shells.pop(shell.shell_id, None)
            commands = list(shell.commands.values())
            shell.commands.clear()
        shell.launchers.close()
        for command in commands:
            command.terminate()

    def expire(self) -> float | None:
        """Close every shell whose time is over; says in how many seconds to look again; None: none is open."""
        with self._changed:
            now = self._clock()
            over = [shell for shell in self._shells.values() if shell.expires_at() <= now]
        for shell in over:
            self.close(shell)
        with self._changed:
            return self._look_again_in()

    def _look_again_in(self) -> float | None:
        now = self._clock()
        ends = [shell.looked_at_again(now) for shell in self._shells.values()]
        return max(0.0, min(ends) - now) if ends else None

    def reap(self) -> None:
        """Expire shells as their times come, until `close_all` is called."""
        while True:
            self.expire()
            with self._changed:
                if self._closed:
                    return
                self._changed.wait(self._look_again_in())  # anew: a shell may have opened just now

    def close_all(self) -> None:
        """Close every shell and end `reap`."""
        with self._changed:
            self._closed = True
            shells = list(self._shells.values())
            self._changed.notify_all()
        for shell in shells:
            self.close(shell)


class ShellUse:
    """The span of one operation on a shell."""

    def __init__(self, table: ShellTable, shell_id: str, owner: str) -> None:
        self._table = table
        self._shell_id = shell_id
        self._owner = owner
        self._shell: Shell | None = None

    def __enter__(self) -> Shell:
        self._shell = self._table.enter(self._shell_id, self._owner)
        return self._shell

    def __exit__(self, *_: object) -> None:
        if self._shell is not None:
            self._table.leave(self._shell)
