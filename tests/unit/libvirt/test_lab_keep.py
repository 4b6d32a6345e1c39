"""Machines that are to be kept, and are no longer there."""

from pathlib import Path
from unittest.mock import Mock

import libvirt
import pytest
from pydantic import SecretStr

from harness.machines.intent import IntentFile, read_intents
from harness.machines.libvirt.facts import Facts
from harness.machines.libvirt.host.host import Host, HostUnreachable
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.provider import ImageInfo
from harness.model.errors import MachineLost
from harness.model.machine import WinRMAccess
from harness.model.substrate import GuestSystem, Substrate
from harness.state import StateDirectory


@pytest.fixture
def machine(tmp_path: Path) -> LibvirtMachine:
    state = StateDirectory(tmp_path)
    intent = IntentFile.begin(state.intents, provider="libvirt", run_id="r", cell_id="win11/fresh")
    facts = Facts(
        image=ImageInfo(name="wine-guest", digest="a" * 64, guest_system=GuestSystem.WINE),
        substrate=Substrate.TCG,
        winrm=WinRMAccess(host="127.0.0.1", port=1, username="bvt", password=SecretStr("secret")),
        media_root="D:\\",
        relayed=False,
        directory=tmp_path / "machine",
        definition="<domain/>",
        stored=Mock(),
        spec=Mock(),
    )
    return LibvirtMachine(state, Host("private:lab", state), intent, facts)


def answer(machine: LibvirtMachine, monkeypatch: pytest.MonkeyPatch, reply: Mock) -> None:
    monkeypatch.setattr(machine._host, "domain", reply)


@pytest.mark.parametrize(
    "reply",
    [
        Mock(return_value=None),
        Mock(side_effect=HostUnreachable("away")),
        Mock(side_effect=libvirt.libvirtError("no")),
    ],
)
def test_what_is_gone_cannot_be_kept(
    machine: LibvirtMachine, monkeypatch: pytest.MonkeyPatch, reply: Mock
) -> None:
    answer(machine, monkeypatch, reply)
    with pytest.raises(MachineLost):
        machine.keep()
    assert [intent.kept for intent in read_intents(machine._state.intents)] == [False]
    assert list(machine._state.kept.iterdir()) == []


def test_what_is_there_is_kept(machine: LibvirtMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(machine, monkeypatch, Mock())
    monkeypatch.setattr("harness.machines.libvirt.keeping.human_monitor", lambda *_: "")
    assert machine.keep().machine_id == machine.machine_id
    assert [intent.kept for intent in read_intents(machine._state.intents)] == [True]
