"""What the outside says about a machine: pure judgement over what libvirt shows."""

from dataclasses import dataclass

import libvirt

from harness.model.machine import Fault, MachineCondition, MachineState

BOOT_LOOP = 3
"""This many boots with nothing alive inside is a boot loop."""


@dataclass(frozen=True)
class Seen:
    """A domain's state with what its events said before."""

    state: int | None
    """libvirt's state (virDomainState); None if there is no such domain."""
    reason: int = 0
    ended: str | None = None
    panicked: bool = False
    io_error: str = ""
    boots: int = 1
    guest_alive: bool | None = None
    qemu_answers: bool = True


def judge(seen: Seen) -> MachineCondition:
    """State, who is to blame, and why in words."""
    state, fault, reason = _judge(seen)
    return MachineCondition(
        state=state, fault=fault, reason=reason, boots=seen.boots, guest_alive=seen.guest_alive
    )


def _judge(seen: Seen) -> tuple[MachineState, Fault, str]:
    if seen.panicked or seen.state == libvirt.VIR_DOMAIN_CRASHED or seen.ended == "crashed":
        return MachineState.CRASHED, Fault.GUEST, "the guest's kernel panicked"
    if seen.state in (None, libvirt.VIR_DOMAIN_SHUTOFF):
        if seen.ended == "shutdown":
            return MachineState.STOPPED, Fault.GUEST, "the guest powered itself off"
        how = {"failed": "its QEMU process died", "destroyed": "somebody destroyed its domain"}
        return MachineState.GONE, Fault.HOST, how.get(seen.ended or "", "its domain no longer exists")
    if seen.state == libvirt.VIR_DOMAIN_SHUTDOWN:
        return MachineState.STOPPED, Fault.GUEST, "the guest is powering itself off"
    if seen.state == libvirt.VIR_DOMAIN_PAUSED:
        if seen.reason == libvirt.VIR_DOMAIN_PAUSED_CRASHED:
            return MachineState.CRASHED, Fault.GUEST, "the guest's kernel panicked"
        if seen.io_error == "enospc":
            return MachineState.PAUSED, Fault.HOST, "the host's disk is full; the guest was paused"
        if seen.io_error or seen.reason == libvirt.VIR_DOMAIN_PAUSED_IOERROR:
            return (
                MachineState.PAUSED,
                Fault.HOST,
                f"an I/O error on the host's disk: {seen.io_error or 'unknown'}",
            )
        return MachineState.PAUSED, Fault.HOST, "the guest was paused from outside"
    if not seen.qemu_answers:
        return MachineState.RUNNING, Fault.HOST, "its QEMU process does not answer"
    if seen.boots >= BOOT_LOOP and seen.guest_alive is False:
        return MachineState.RUNNING, Fault.GUEST, f"the guest booted {seen.boots} times and is not up"
    return MachineState.RUNNING, Fault.NONE, ""
