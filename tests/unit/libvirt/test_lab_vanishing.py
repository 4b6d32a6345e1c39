"""A domain that ends while it is looked at is judged by how it ended, not by the error that came of it."""

import time
from pathlib import Path
from typing import cast
from unittest.mock import Mock

import libvirt
import pytest

from harness.machines.intent import IntentFile
from harness.machines.libvirt import machine as module
from harness.machines.libvirt.host.events import DomainHistory
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.machine import Facts, LibvirtMachine
from harness.model.machine import Fault, MachineState
from harness.model.substrate import Substrate
from harness.state import StateDirectory


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
    tmp_path: Path,
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
    home, host = StateDirectory(tmp_path), VanishingHost(ended)
    intent = IntentFile.begin(home.intents, provider="libvirt", run_id="r")
    machine = LibvirtMachine(home, cast("Host", host), intent, cast("Facts", Mock(substrate=Substrate.TCG)))
    seen = machine.condition()
    assert (seen.state, seen.fault, seen.reason) == (state, fault, reason)
    assert host.asked == 2


def test_one_that_ends_while_its_silent_guest_is_listened_to_is_looked_at_again_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guest agent is gone before the guest is, and is waited for longer than the last event is."""

    def silent(*_: object) -> bool:
        time.sleep(3 * module.END_EVENT_S)
        return False

    monkeypatch.setattr(module, "END_EVENT_S", 0.05)
    monkeypatch.setattr(module, "agent_alive", silent)
    monkeypatch.setattr(module, "qemu_answers", Mock(side_effect=libvirt.libvirtError("Domain not found")))
    home, host = StateDirectory(tmp_path), VanishingHost("shutdown")
    intent = IntentFile.begin(home.intents, provider="libvirt", run_id="r")
    facts = cast("Facts", Mock(substrate=Substrate.TCG))
    seen = LibvirtMachine(home, cast("Host", host), intent, facts).condition()
    assert (seen.state, seen.fault) == (MachineState.STOPPED, Fault.GUEST)


def test_an_error_that_stays_is_the_labs_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_name: str) -> Mock:
        raise libvirt.libvirtError("internal error")

    monkeypatch.setattr(module, "END_EVENT_S", 0.2)
    home, host = StateDirectory(tmp_path), VanishingHost("failed")
    monkeypatch.setattr(host, "domain", broken)
    intent = IntentFile.begin(home.intents, provider="libvirt", run_id="r")
    machine = LibvirtMachine(home, cast("Host", host), intent, cast("Facts", Mock(substrate=Substrate.TCG)))
    seen = machine.condition()
    assert (seen.state, seen.fault) == (MachineState.GONE, Fault.HOST)
