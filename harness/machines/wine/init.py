"""The machine's init: has its view set up, waits for its order, boots Wine, serves WinRM, reboots, reaps what ends.

Runs as PID 1 of the machine's process namespace (without namespaces: as the adopter of its orphans). Whatever
is fatal is written to the machine's status file with who is to blame: losing wineserver or the WinRM server
is the lab's fault, a power-off is the guest's.
"""

import contextlib
import os
import selectors
import signal
import socket
import time
from pathlib import Path

from harness.machines.wine import namespaces
from harness.machines.wine.berth_setup import hand_out, lay_in, own_view
from harness.machines.wine.children import how_it_ended, kill_the_rest, start_winrm
from harness.machines.wine.crashes import VERB, Crash, append_crash
from harness.machines.wine.order import BOOT_PROGRAM, CUT, GO, Berth, Order, Status, windows_path
from harness.machines.wine.processor import one_processor, processor_mask, release_all
from harness.machines.wine.starting import Wine
from harness.machines.wine_prefix.session import open_session_0

REPLY_GRACE_S = 0.3
"""A reboot leaves this long for the reply to the command that asked for it, as Windows does."""
SHUTDOWN_DEADLINE_S = 10.0
LONGEST_SLEEP_S = 86400.0
POWER_FIFO = "power"
SESSION_FIFO = "session"


def run_init(berth: Berth, listener: socket.socket, wire: socket.socket) -> None:
    """Be the machine's init until killed. Raises `OSError` if the machine cannot be set up."""
    os.setsid()
    namespaces.fix_addresses()
    if berth.namespaces:
        own_view(berth)
    else:
        namespaces.adopt_orphans()
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(berth.places.logs / "init.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if wire.recv(len(GO)) != GO:  # no machine is wanted here
        return
    order = Order.read(berth.places)
    if berth.namespaces:
        lay_in(berth, order)
        if order.backend is not None:
            hand_out(wire)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(berth.places.prefix / "drive_c")
    Init(berth, order, listener, wire).run()


class Init:
    """One loop over child processes that end and requests for power."""

    def __init__(self, berth: Berth, order: Order, listener: socket.socket, wire: socket.socket) -> None:
        self.berth, self.order, self.listener, self.wire = berth, order, listener, wire
        self.places = berth.places
        self.wine = Wine(berth)
        self.boots = 0
        self.wineserver = self.booter = self.winrm = 0
        self.due_s: float | None = None
        self.verb = self.spoilt = ""
        self.stopping = self.held = False
        self.boot_began_s = 0.0
        self.power = os.open(self.places.prefix / POWER_FIFO, os.O_RDWR | os.O_NONBLOCK)
        self.session = os.open(self.places.prefix / SESSION_FIFO, os.O_RDWR | os.O_NONBLOCK)
        self.wake, wake_writer = os.pipe()
        for end in (self.wake, wake_writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        """Boot, then handle events until the end."""
        selector = selectors.DefaultSelector()
        selector.register(self.wake, selectors.EVENT_READ)
        selector.register(self.power, selectors.EVENT_READ)
        selector.register(self.wire, selectors.EVENT_READ)
        self.boot()
        while True:
            # A shutdown may be asked for ten years ahead, and the kernel cannot sleep for longer than 24 days.
            left_s = None if self.due_s is None else min(LONGEST_SLEEP_S, self.due_s - time.monotonic())
            ready = selector.select(None if left_s is None else max(0.0, left_s))
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, 4096)
            self.reap()
            with contextlib.suppress(BlockingIOError):
                self.take_requests(os.read(self.power, 65536))
            if any(key.fileobj is self.wire for key, _ in ready):
                said = self.wire.recv(4096)
                if CUT in said:
                    self.lose_power()
                if not said:  # the supervisor has ended, and so will this
                    selector.unregister(self.wire)
            if self.due_s is not None and time.monotonic() >= self.due_s:
                self.due_s = None
                self.shut_down()
                if self.verb == "reboot":
                    self.boot()
                else:
                    self.report("stopped", "guest", "the guest powered itself off")

    def boot(self) -> None:
        """Start wineserver, Wine's services and the WinRM server, the last two side by side."""
        self.boot_began_s = time.monotonic()
        self.boots += 1
        self.stopping = False
        self.report("running")
        allowed = processor_mask()
        # Only in a process namespace are all of the machine's threads known, to be released afterwards. In a later
        # boot an agent's services start, and would take this one processor for all that the machine has.
        self.held = self.berth.namespaces and self.boots == 1
        with one_processor() if self.held else contextlib.nullcontext():
            self.wineserver = self.wine.start(self.berth.server, "-f", "-p")
            self.wine.await_server(self.order.boot_deadline_s)
            # Any first process makes Wine boot (services, drivers, pending renames) and runs when that is done.
            # This one is called by its full path (a bare name costs one more process). It lifts Wine's own part of
            # what holds the machine to one processor; the rest is lifted at its end.
            program = windows_path(self.places.prefix / BOOT_PROGRAM)
            self.booter = self.wine.start_services(self.berth.loader, program, f"{allowed:x}")
        self.listener.listen(128)
        own = (self.wire.fileno(), self.power, self.session)
        self.winrm = start_winrm(self.places.winrm_config, self.listener, self.berth.environment, own)

    def reap(self) -> None:
        """Collect every ended child and say so if it was one that the machine cannot do without."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self.stopping:
                continue
            how = how_it_ended(status)
            if pid == self.booter:
                self.booter = 0
                if self.held:
                    release_all()
                took_s = time.monotonic() - self.boot_began_s
                self.say(
                    f"booted {took_s:.3f}"
                    if status == 0
                    else f"failed Wine did not boot: its first process {how}"
                )
            elif pid == self.wineserver:
                self.lose(f"wineserver {how}")
            elif pid == self.winrm:
                self.lose(f"the WinRM server {how}")

    def lose(self, reason: str) -> None:
        """What the machine cannot do without is gone: end the rest, so that nobody waits for an answer in vain."""
        self.report("gone", "host", reason)
        self.stopping, self.due_s = True, None
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        kill_the_rest(self.berth)

    def take_requests(self, data: bytes) -> None:
        """Lines `reboot N`, `off N`, `abort 0` (shutdown.exe, power.c), `session 0` (session.c), `crash …` (crash.c)."""
        for line in data.decode(errors="replace").splitlines():
            verb, _, delay = line.partition(" ")
            if verb == VERB:
                self.note_crash(Crash.of(delay))
            elif verb == "abort":
                self.due_s = None
            elif verb == "session":
                self.open_session_0()
            elif verb in ("reboot", "off") and delay.isdigit() and self.due_s is None:
                # As on Windows, where a second request finds the first under way (error 1190).
                self.verb = verb
                self.due_s = time.monotonic() + max(REPLY_GRACE_S, float(delay))

    def open_session_0(self) -> None:
        """Answer session.c, which starts Wine's services after that. Once Wine has booted there is nothing to do."""
        if self.booter:
            try:
                open_session_0(self.wineserver)
            except OSError as error:
                self.lose(f"Wine's services cannot be put into session 0: {error}")
                return
        os.write(self.session, b"0\n")

    def note_crash(self, crash: Crash) -> None:
        """A crash of Wine's own program is the lab's fault: from then on nothing in this machine proves anything."""
        foreign = crash.foreign(Path(self.berth.template))
        self.log(f"crash of {crash.program}" + (f" with {foreign} in it" if foreign else ": Wine's own"))
        if foreign and not self.stopping:
            append_crash(self.places.crashes, crash)
        if not foreign and not self.stopping:
            self.spoilt = f"Wine's own program {crash.program} crashed (see init.log)"
            self.report("running")

    def shut_down(self) -> None:
        """WinRM first, so that clients meet a refusal as at a real reboot; then Wine; then the rest."""
        self.stopping = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.winrm, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(
                self.wineserver, signal.SIGINT
            )  # `wineserver -k`: ends its clients and saves the registry
        deadline = time.monotonic() + SHUTDOWN_DEADLINE_S
        while time.monotonic() < deadline:
            try:
                pid, _ = os.waitpid(self.wineserver, os.WNOHANG)
            except ChildProcessError:
                break
            if pid:
                break
            time.sleep(0.005)
        kill_the_rest(self.berth)
        self.reap()

    def lose_power(self) -> None:
        """End everything at once and boot again: files are as they were written, the registry as it was last saved."""
        self.log("the power is cut")
        self.stopping, self.due_s = True, None
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        kill_the_rest(self.berth)
        self.reap()
        self.wine.server_socket().unlink(missing_ok=True)
        self.boot()

    def report(self, state: str, fault: str = "none", reason: str = "") -> None:
        """Write the status file, and tell the owner of what it may be waiting for."""
        if fault == "none" and self.spoilt:
            Status(state=state, fault="host", reason=self.spoilt, boots=self.boots).write(self.places)
            return
        Status(state=state, fault=fault, reason=reason, boots=self.boots).write(self.places)
        if fault != "none":
            self.say(f"failed {reason}")

    def log(self, line: str) -> None:
        print(f"{time.time():.3f} boot {self.boots}: {line}", flush=True)  # noqa: T201 - stdout is the init log

    def say(self, line: str) -> None:
        """To the log and to the owner, through the supervisor."""
        self.log(line)
        with contextlib.suppress(OSError):
            self.wire.sendall(f"{line}\n".encode())
