"""libvirt events: one loop thread per process, and what was seen of each domain."""

import functools
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import libvirt

from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError

REBOOT_CLUSTER_S = 2.0
"""QEMU announces one reboot two or three times, each within this time after the one before."""
REBOOT_LONGEST_S = 4.0
"""All announcements of one reboot come within this time. A guest that resets faster than `REBOOT_CLUSTER_S` for longer
is in a boot loop, and each such time counts as a boot."""

UNSEEN = "unseen"


@functools.cache
def start_event_loop() -> threading.Thread:
    """Start libvirt's default event loop; must come before the first connection. Once per process."""
    libvirt.registerErrorHandler(lambda _context, _error: None, None)  # errors are raised; none is printed
    libvirt.virEventRegisterDefaultImpl()

    def turn() -> None:
        while True:
            libvirt.virEventRunDefaultImpl()

    thread = threading.Thread(target=turn, name="libvirt-events", daemon=True)
    thread.start()
    return thread


@dataclass
class DomainHistory:
    """What was seen of one domain since it was made. Written by the event thread, read by the machine."""

    ended: str | None = None
    """How QEMU ended: `shutdown` (by the guest), `failed`, `destroyed`, `crashed`; `unseen` if nobody said it; None
    while it runs."""
    panicked: bool = False
    io_error: str = ""
    watchdog: bool = False
    reboots: list[float] = field(default_factory=list)
    agent_connected: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def boots(self, slowness: float = 1.0) -> int:
        """Boots seen, the first included. `slowness`: how many times longer the guest takes for what it does.

        Between two announcements of one reboot its firmware is at work.
        """
        return 1 + count_clusters(self.reboots, slowness * REBOOT_CLUSTER_S, slowness * REBOOT_LONGEST_S)

    def await_end(self, within_s: float) -> None:
        """Wait until it is known how the domain ended, which is gone: that decides who is to blame.

        libvirt may show that a domain is gone before its event arrives. Where none comes, e.g. because libvirtd was
        started anew, that is noted, so that nobody waits for it again.
        """
        with self.changed:
            if not self.changed.wait_for(lambda: self.ended is not None or self.panicked, within_s):
                self.ended = UNSEEN

    def note(self, **values: Any) -> None:
        """Set fields and wake whoever waits."""
        with self.changed:
            for name, value in values.items():
                setattr(self, name, value)
            self.changed.notify_all()

    def note_reboot(self) -> None:
        """One reset was announced."""
        with self.changed:
            self.reboots.append(time.monotonic())
            self.changed.notify_all()


def count_clusters(times: list[float], gap_s: float, longest_s: float) -> int:
    """How many groups of times there are: `gap_s` or more apart, none longer than `longest_s`."""
    clusters, first, last = 0, float("-inf"), float("-inf")
    for at in sorted(times):
        if at - last >= gap_s or at - first >= longest_s:
            clusters, first = clusters + 1, at
        last = at
    return clusters


STOP_DETAILS = {
    libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN: "shutdown",
    libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED: "destroyed",
    libvirt.VIR_DOMAIN_EVENT_STOPPED_CRASHED: "crashed",
    libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED: "failed",
}


class EventSink:
    """Registers with a connection and sorts what comes by domain."""

    def __init__(self) -> None:
        self._histories: dict[str, DomainHistory] = {}

    def history(self, name: str) -> DomainHistory:
        """The history of a domain; from now on its events are kept."""
        return self._histories.setdefault(name, DomainHistory())

    def forget(self, name: str) -> None:
        self._histories.pop(name, None)

    def register(self, connection: libvirt.virConnect) -> None:
        """Ask for every event that the harness reads; again after each reconnection."""
        for event, callback in (
            (libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._lifecycle),
            (libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, self._reboot),
            (libvirt.VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, self._io_error),
            (libvirt.VIR_DOMAIN_EVENT_ID_WATCHDOG, self._watchdog),
            (libvirt.VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, self._agent),
        ):
            connection.domainEventRegisterAny(None, event, callback, None)

    def _lifecycle(self, _c: Any, domain: Any, event: int, detail: int, _o: Any) -> None:
        if (history := self._histories.get(domain.name())) is None:
            return
        if event == libvirt.VIR_DOMAIN_EVENT_STOPPED:
            history.note(ended=STOP_DETAILS.get(detail, f"detail {detail}"))
        elif event == libvirt.VIR_DOMAIN_EVENT_CRASHED:
            history.note(panicked=True)

    def _reboot(self, _c: Any, domain: Any, _o: Any) -> None:
        if (history := self._histories.get(domain.name())) is not None:
            history.note_reboot()

    def _io_error(self, _c: Any, domain: Any, _p: str, _d: str, _action: int, reason: str, _o: Any) -> None:
        if (history := self._histories.get(domain.name())) is not None:
            history.note(io_error=reason or "unknown")

    def _watchdog(self, _c: Any, domain: Any, _action: int, _o: Any) -> None:
        if (history := self._histories.get(domain.name())) is not None:
            history.note(watchdog=True)

    def _agent(self, _c: Any, domain: Any, state: int, _reason: int, _o: Any) -> None:
        if (history := self._histories.get(domain.name())) is not None:
            connected = libvirt.VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED
            history.note(agent_connected=state == connected)


def await_agent(history: DomainHistory, name: str, deadline: Deadline) -> None:
    """Wait for the event that the guest agent is there. Raises `DeadlineExceeded`, `InfrastructureError`."""
    with history.changed:
        happened = history.changed.wait_for(
            lambda: history.agent_connected or history.ended is not None or history.panicked,
            deadline.remaining_s,
        )
    if not happened:
        raise DeadlineExceeded(f"the first word of the guest agent in {name}", deadline.length_s)
    if not history.agent_connected:
        raise InfrastructureError(f"The guest of {name} ended while it started ({history.ended or 'panic'}).")
