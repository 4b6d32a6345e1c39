"""Clones made ahead, the hardware UUID that each has, and a machine that is put away and reopened."""

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import libvirt
import pytest

from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines import kept
from harness.machines.intent import Intent, read_intents
from harness.machines.libvirt.host.capacity import WAITS_FOR
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.provider import LibvirtProvider
from harness.machines.provider import CAPSULE
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError
from harness.model.machine import MachineSpec
from harness.state import StateDirectory

pytestmark = [pytest.mark.libvirt, pytest.mark.slow]

MakeSpec = Callable[..., MachineSpec]
Create = Callable[..., LibvirtMachine]
Run = Callable[[LibvirtMachine, str], str]
IDENTITY = (
    "until [ -e /var/lib/bvt/personal ]; do sleep 0.1; done; "  # as whoever logs in waits
    "cat /sys/class/dmi/id/product_uuid /etc/hostname; head -c 16 /dev/urandom | base64; base64 -w0 {table}"
)
TABLE = "/sys/firmware/dmi/tables/DMI"


@pytest.fixture
def host(state: StateDirectory) -> Iterator[Host]:
    host = Host("private:lab", state)
    yield host
    host.close()


def waiting_for(cell_id: str, state: StateDirectory) -> Intent:
    """What says on disk that a clone waits for this cell."""
    return next(each for each in read_intents(state.intents) if each.resources.get(WAITS_FOR) == cell_id)


def identity(machine: LibvirtMachine, in_guest: Run) -> tuple[UUID, str, str, bytes]:
    """What the guest's kernel says its hardware UUID is; name; random bytes; the firmware's own table."""
    uuid, name, random, table = in_guest(machine, IDENTITY.format(table=TABLE)).split()
    return UUID(uuid), name, random, base64.b64decode(table)


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_clone_that_waited_is_a_computer_of_its_own(
    lab: LibvirtProvider,
    create: Create,
    make_spec: MakeSpec,
    in_guest: Run,
    state: StateDirectory,
    host: Host,
) -> None:
    first, second, third = (make_spec(cell=f"{name}/fresh") for name in "abc")
    lab.expect([first, second, third])
    cold = create(lab, first)
    assert lab.await_ahead(Deadline.after(120)) == 1
    waiting = waiting_for("b/fresh", state)
    domain = host.domain(waiting.machine_id)
    assert domain is not None
    state_of: Any = domain.state()  # the binding's own annotation is wrong
    assert state_of[0] == libvirt.VIR_DOMAIN_PAUSED  # it takes no processor

    woken = create(lab, second)
    assert woken.machine_id == waiting.machine_id
    asked = time.time()
    assert asked - 5 < float(in_guest(woken, "date +%s.%N")) < time.time() + 5  # though it slept
    assert lab.await_ahead(Deadline.after(120)) == 1
    next_one = waiting_for("c/fresh", state)
    removed = lab.reclaim(
        state.intents / f"{next_one.machine_id}.json"
    )  # as `bvt clean` does for a killed run
    assert any(next_one.machine_id in line for line in removed)
    lab.expect([])

    known = [identity(machine, in_guest) for machine in (cold, woken)]
    for machine, (uuid, _, _, table) in zip((cold, woken), known, strict=True):
        domain = host.domain(machine.machine_id)
        assert domain is not None
        assert uuid == UUID(domain.UUIDString())
        assert uuid.bytes_le in table  # what Wine and agents read
    for own in zip(*known, strict=True):
        assert own[0] != own[1]


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_machine_that_was_put_away_goes_on_as_it_was(
    lab: LibvirtProvider, create: Create, state: StateDirectory, in_guest: Run, tmp_path: Path
) -> None:
    machine = create(lab)
    before = identity(machine, in_guest)
    in_guest(machine, "echo unsaved > /run/left; sleep 1000 >/dev/null 2>&1 & echo $! >/run/pid")
    away = machine.put_away()
    assert away.capsule is not None
    assert not [
        each
        for each in read_intents(state.intents)
        if each.machine_id == away.machine_id and "uri" in each.resources
    ]
    assert (away.capsule / CAPSULE).stat().st_mode & 0o077 == 0

    opened = lab.reopen_capsule(away.capsule)
    try:
        assert lab.reopen_capsule(away.capsule).machine_id == opened.machine_id  # not twice
        with Transcript(tmp_path / "t.jsonl", cell="c", machine="m") as transcript:
            guest = Guest(opened.access, transcript, media_root="D:\\")
            assert (
                before[1].upper()
                in guest.run("cmd /c echo %COMPUTERNAME%", timeout_s=60, shell=True).stdout.upper()
            )
            guest.close()
    finally:
        lab.reclaim(state.intents / f"{opened.machine_id}.json")

    (away.capsule / "state").open("ab").write(b"x")
    with pytest.raises(ConfigurationError, match="is damaged: state has SHA-256"):
        lab.reopen_capsule(away.capsule)
    lab.reclaim(state.intents / f"{away.machine_id}.json")
    assert not away.capsule.exists()
    assert away.machine_id not in {each.machine_id for each in kept.list_kept(state)}
