"""A domain as it is seen from its host: what became of it, and whether the guest in it hangs."""

from collections.abc import Callable
from typing import Any

import libvirt

from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.qmp import agent_alive, qemu_answers
from harness.machines.libvirt.observe.condition import Seen, judge
from harness.machines.libvirt.observe.guest_files import read_tail
from harness.machines.libvirt.observe.hang import NEEDED_S, processor_sample, watch
from harness.model.deadline import Deadline
from harness.model.errors import HarnessError, InfrastructureError
from harness.model.machine import Fault, MachineCondition, MachineState

CRASHED = "/run/bvt/crashed"
"""Where the script `power` of wine-guest names them (`vm_images/wine-guest/rootfs`)."""
MOST_BYTES = 4096
PING_TIMEOUT_S = 3
HANG_PING_S = 10
"""The same before a guest is said to hang: a busy one on a busy host may take longer for its answer."""
END_EVENT_S = 2.0
"""How long after a domain is gone its last event is waited for."""
LOOK_AGAIN_S = 0.1


class WatchedDomain:
    """One domain by its name. `slowness`: by how much its substrate is slower than a real processor.

    `on_wine`: its guest is a Linux with Wine, which tells of the crashes of Wine's own programs.
    """

    def __init__(self, host: Host, name: str, slowness: float, *, on_wine: bool = False) -> None:
        self._host, self._name, self._slowness = host, name, slowness
        self._on_wine = on_wine
        self.history = host.events.history(name)

    def condition(self) -> MachineCondition:
        """Its state, its events, and whether the guest agent answers. Never raises."""
        try:
            shown = self._shown()
        except (InfrastructureError, libvirt.libvirtError) as error:
            return MachineCondition(state=MachineState.GONE, fault=Fault.HOST, reason=str(error))
        history = self.history
        if shown.state in (None, libvirt.VIR_DOMAIN_SHUTOFF):
            history.await_end(END_EVENT_S)
        heard = Seen(
            state=shown.state,
            reason=shown.reason,
            ended=history.ended,
            panicked=history.panicked,
            io_error=history.io_error,
            boots=history.boots(self._slowness),
            guest_alive=shown.guest_alive,
            qemu_answers=shown.qemu_answers,
        )
        judged = judge(heard)
        # Only now: a fault that is seen from outside says more, and a guest that is silent tells nothing.
        if judged.fault is Fault.NONE and shown.guest_alive and (program := self._crashed()):
            reason = f"Wine's own program {program} crashed in the guest"
            return judged.model_copy(update={"fault": Fault.HOST, "reason": reason})
        return judged

    def _crashed(self) -> str:
        """The first program of Wine's own that crashed in a guest with Wine; empty if none did, or nobody says so."""
        if not self._on_wine:
            return ""
        try:
            domain = self._host.domain(self._name)
            told = (
                b""
                if domain is None
                else read_tail(domain, CRASHED, MOST_BYTES, Deadline.after(PING_TIMEOUT_S))
            )
        except (HarnessError, libvirt.libvirtError):
            return ""  # there is no such file
        return told.decode(errors="replace").partition("\n")[0].strip()

    def hang(self) -> str:
        """Watch a running guest that answers nobody: why it hangs, in words, or empty. Takes up to minutes."""
        if not self.history.agent_connected:
            return ""  # it is booting, or has no second channel: its silence there proves nothing
        try:
            domain = self._host.domain(self._name)
            if domain is None:
                return ""
            connection = self._host.connection()
            return watch(
                lambda: processor_sample(connection, domain),
                lambda: agent_alive(domain, HANG_PING_S),
                NEEDED_S * self._slowness,
            )
        except (InfrastructureError, libvirt.libvirtError):
            return ""

    def await_reboot(self, deadline: Deadline) -> Callable[[], bool]:
        """What waits for the next reboot from now on, and says whether it came in time: ask before it is caused."""
        announced, changed = len(self.history.reboots), self.history.changed

        def booted() -> bool:
            with changed:
                return changed.wait_for(lambda: len(self.history.reboots) > announced, deadline.remaining_s)

        return booted

    def _shown(self) -> Seen:
        """What libvirt shows of the domain now; one that ends while it is looked at is looked at again.

        An error of that moment would be the lab's fault, also where the guest had powered itself off.
        """
        deadline: Deadline | None = None  # from the first error on: a silent guest is listened to for longer
        while True:
            try:
                domain = self._host.domain(self._name)
                state, reason = _state(domain)
                running = state == libvirt.VIR_DOMAIN_RUNNING
                alive = agent_alive(domain, PING_TIMEOUT_S) if domain is not None and running else None
                # A silent guest may have no QEMU behind it that could let it answer.
                answers = qemu_answers(domain) if domain is not None and alive is False else True
            except libvirt.libvirtError:
                deadline = deadline or Deadline.after(END_EVENT_S)
                if deadline.passed:
                    raise
                deadline.pause(LOOK_AGAIN_S)
            else:
                return Seen(state=state, reason=reason, guest_alive=alive, qemu_answers=answers)


def _state(domain: libvirt.virDomain | None) -> tuple[int | None, int]:
    """VirDomainGetState's pair; (None, 0) without a domain. The binding's own annotation is wrong here."""
    if domain is None:
        return None, 0
    pair: Any = domain.state()
    return int(pair[0]), int(pair[1])
