"""A domain that ends while it is looked at is judged by how it ended, not by the error that came of it."""

import time
from typing import cast
from unittest.mock import Mock

import libvirt
import pytest

from harness.machines.libvirt.host.events import DomainHistory
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.observe import watched as module
from harness.machines.libvirt.observe.watched import WatchedDomain
from harness.model.machine import Fault, MachineState


class VanishingHost:
    """Its domain runs when it is asked for the first time, and is gone when it is asked again."""

    uri = "private:lab"

    def __init__(self, ended: str) -> None:
        self.events = Mock()
        self.heard = DomainHistory()
        self.events.history.return_value = self.heard
        self._ended = ended
        self.asked = 0

    def domain(self, _name: str) -> Mock | None:
        self.asked += 1
        if self.asked > 1:
            self.heard.note(ended=self._ended)
            return None
        domain = Mock()
        domain.state.return_value = (libvirt.VIR_DOMAIN_RUNNING, 0)
        return domain


@pytest.mark.parametrize(
    ("ended", "state", "fault", "reason"),
    [
        ("shutdown", MachineState.STOPPED, Fault.GUEST, "the guest powered itself off"),
        ("failed", MachineState.GONE, Fault.HOST, "its QEMU process died"),
    ],
)
def test_a_domain_that_ends_while_it_is_looked_at_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
    ended: str,
    state: MachineState,
    fault: Fault,
    reason: str,
) -> None:
    def gone(_domain: object) -> bool:
        raise libvirt.libvirtError("Domain not found")

    monkeypatch.setattr(module, "agent_alive", lambda *_: False)
    monkeypatch.setattr(module, "qemu_answers", gone)
    host = VanishingHost(ended)
    seen = WatchedDomain(cast("Host", host), "bvt-1", 1.0).condition()
    assert (seen.state, seen.fault, seen.reason) == (state, fault, reason)
    assert host.asked == 2


def test_one_that_ends_while_its_silent_guest_is_listened_to_is_looked_at_again_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The guest agent is gone before the guest is, and is waited for longer than the last event is."""

    def silent(*_: object) -> bool:
        time.sleep(3 * module.END_EVENT_S)
        return False

    monkeypatch.setattr(module, "END_EVENT_S", 0.05)
    monkeypatch.setattr(module, "agent_alive", silent)
    monkeypatch.setattr(module, "qemu_answers", Mock(side_effect=libvirt.libvirtError("Domain not found")))
    seen = WatchedDomain(cast("Host", VanishingHost("shutdown")), "bvt-1", 1.0).condition()
    assert (seen.state, seen.fault) == (MachineState.STOPPED, Fault.GUEST)


def test_an_error_that_stays_is_the_labs_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_name: str) -> Mock:
        raise libvirt.libvirtError("internal error")

    monkeypatch.setattr(module, "END_EVENT_S", 0.2)
    host = VanishingHost("failed")
    monkeypatch.setattr(host, "domain", broken)
    seen = WatchedDomain(cast("Host", host), "bvt-1", 1.0).condition()
    assert (seen.state, seen.fault) == (MachineState.GONE, Fault.HOST)
