"""The installed system, started again until it rests: what is not done before the image is sealed, every clone would do.

After its first logon Windows goes on for a while: drivers, .NET's native images, what waits for a restart. So the
system is started on the hardware that clones will have, without any medium. When WinRM runs and the processors are idle,
it shuts down. Where something waits for a restart then, it is started once more. Nothing in the guest is changed for
this: the guest agent is asked.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import libvirt

from harness.images.running import Running
from harness.machines.libvirt.clone.settle import POWERSHELL, settle
from harness.machines.libvirt.host.events import await_agent
from harness.machines.libvirt.host.qmp import run_in_guest
from harness.machines.provider import Progress
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from harness.model.substrate import GuestSystem

MOST_STARTS = 3
"""Some products wait for a restart for ever, so this ends; the manifest says what waits still."""
QUIET_S = 60.0
"""Longer than for a template: the work after an installation comes in waves."""
BETWEEN_S = 1.0
EVENT_S = 10.0
"""The agent may be gone before the event of the restart, or of the end, that took it away has arrived."""
# Who asks for a restart: servicing, updates, files in use (Microsoft, "MoveFileEx", MOVEFILE_DELAY_UNTIL_REBOOT).
PENDING_SCRIPT = r"""
$ErrorActionPreference = 'Stop'
$Waits = @()
$Current = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion'
if (Test-Path ($Current + '\Component Based Servicing\RebootPending')) { $Waits = $Waits + 'servicing' }
if (Test-Path ($Current + '\WindowsUpdate\Auto Update\RebootRequired')) { $Waits = $Waits + 'updates' }
$Manager = Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager'
if ($Manager.PendingFileRenameOperations) { $Waits = $Waits + 'renames' }
[Console]::Out.Write(($Waits -join '.'))
"""


class Rest(Protocol):
    """Returns once the guest rests, with what waits for a restart in it (empty: nothing)."""

    def __call__(self, domain: libvirt.virDomain, deadline: Deadline) -> str:
        """Raises `InfrastructureError`, `DeadlineExceeded`, `libvirtError`."""


@dataclass(frozen=True)
class Rested:
    """How often the system was started, and what waits for a restart still."""

    starts: int
    pending: str

    @property
    def facts(self) -> dict[str, str]:
        """For the image's manifest."""
        return {"rested_after_starts": str(self.starts), "restart_pending": self.pending}


def rest_of_windows(domain: libvirt.virDomain, deadline: Deadline) -> str:
    """WinRM runs, the processors were idle for a minute; then what waits for a restart is asked."""
    settle(domain, GuestSystem.WINDOWS, deadline, quiet_s=QUIET_S)
    options = ["-NoProfile", "-NonInteractive", "-Command", PENDING_SCRIPT]
    ended = run_in_guest(domain, POWERSHELL, *options, deadline=deadline)
    if ended.exit_code != 0:
        raise InfrastructureError(f"The guest did not say what waits for a restart: {ended.errors[-300:]}")
    return ended.output.strip()


def let_rest(
    start: Callable[[], AbstractContextManager[Running]],
    rest: Rest,
    deadline: Deadline,
    progress: Progress,
) -> Rested:
    """Start the system, await that it rests, shut it down; again while something waits for a restart.

    Raises `InfrastructureError` if it crashes, ends by itself or cannot be asked, `DeadlineExceeded` if it never rests.
    """
    starts, pending = 0, ""
    while starts == 0 or (pending and starts < MOST_STARTS):
        starts += 1
        why = f"; a restart was pending ({pending})" if pending else ""
        progress(f"starting the installed system, time {starts}, until it rests{why}")
        with start() as running:
            pending = _at_rest(running, rest, deadline)
            _shut_down(running, deadline)
    if pending:
        progress(
            f"a restart is still pending after {starts} starts ({pending}); the image is sealed all the same"
        )
    return Rested(starts, pending)


def _at_rest(running: Running, rest: Rest, deadline: Deadline) -> str:
    """Waits through restarts that the system makes by itself: its agent goes, and what was asked is lost."""
    history = running.history
    while True:
        seen = len(history.reboots)
        try:
            await_agent(history, running.name, deadline)
            return rest(running.domain, deadline)
        except (libvirt.libvirtError, InfrastructureError) as error:
            heard_within_s = EVENT_S if isinstance(error, libvirt.libvirtError) else 0.0
            restarted = _restarted(running, seen, deadline.cap(heard_within_s))
            _require_running(running)
            if isinstance(error, DeadlineExceeded) or not restarted:
                raise
            deadline.pause(BETWEEN_S)


def _restarted(running: Running, seen: int, within_s: float) -> bool:
    """Whether more restarts than `seen` are known, once there was time to hear of one."""
    history = running.history
    with history.changed:
        history.changed.wait_for(
            lambda: len(history.reboots) > seen or history.ended is not None or history.panicked,
            within_s,
        )
        return len(history.reboots) > seen


def _shut_down(running: Running, deadline: Deadline) -> None:
    """Windows may take its time: what waited for a restart is done now."""
    power_down(running.domain)
    history = running.history
    with history.changed:
        if not history.changed.wait_for(
            lambda: history.ended is not None or history.panicked, deadline.remaining_s
        ):
            raise DeadlineExceeded(f"the shutdown of {running.name}", deadline.length_s)
    if history.ended != "shutdown":
        _require_running(running)


def power_down(domain: libvirt.virDomain) -> None:
    """By the guest agent, which on Windows shuts down whole: a power button would do what the edition's policy says."""
    domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)


def _require_running(running: Running) -> None:
    history = running.history
    if history.io_error:
        raise InfrastructureError(
            f"The host's disk failed while the installed system was let rest ({history.io_error})."
        )
    if history.panicked:
        raise InfrastructureError("The installed system crashed when it was started again.")
    if history.ended is not None:
        raise InfrastructureError(
            f"The installed system ended by itself when it was started again ({history.ended})."
        )
