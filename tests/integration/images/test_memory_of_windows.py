"""The memory dump of a machine for Windows, by a real QEMU: nothing in it has told where a Windows kernel is."""

import struct
from collections.abc import Iterator
from pathlib import Path

import libvirt
import pytest

from harness.machines.libvirt.clone.domain import DomainSpec
from harness.machines.libvirt.clone.domain_xml import domain_xml, validate
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.programs import run
from harness.machines.libvirt.image.manifest import DiskBus, Hardware
from harness.machines.libvirt.observe.memory_dump import dump_memory
from harness.model.substrate import GuestSystem

pytestmark = pytest.mark.libvirt
NAME = "bvt-memory-of-windows"
MEMORY_MB = 64


@pytest.fixture
def machine(host: Host, folder: Path) -> Iterator[str]:
    """A machine as a clone of a Windows image has it, with no system on its disk."""
    disk = folder / "disk.qcow2"
    run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1M"], what="No disk", deadline_s=60)
    spec = DomainSpec(
        name=NAME,
        kvm=False,
        windows=True,
        hardware=Hardware(machine="q35", disk_bus=DiskBus.SATA, panic_model="hyperv"),
        memory_mb=MEMORY_MB,
        cpus=2,
        disk=disk,
        serial_log=folder / "serial.log",
    )
    xml = domain_xml(spec)
    validate(xml, folder)
    host.call(lambda connection: connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED))
    yield NAME
    host.destroy(NAME)
    host.remove_traces(NAME)


def test_without_the_guests_driver_qemu_says_why_and_an_elf_core_is_kept(
    host: Host, machine: str, folder: Path
) -> None:
    evidence = dump_memory(host, machine, GuestSystem.WINDOWS, folder)
    assert evidence.path == "memory.elf"
    assert "vmcoreinfo" in evidence.what  # QEMU's own word: its device is there, and nothing filled it
    assert "elf2dmp memory.elf memory.dmp" in evidence.what
    core = (folder / "memory.elf").read_bytes()
    (kind,) = struct.unpack_from("<H", core, 16)
    assert (core[:4], kind) == (b"\x7fELF", 4)  # a core file (ET_CORE)
    assert len(core) >= MEMORY_MB * 1024**2
    assert (
        core.count(b"QEMU\0") >= 2
    )  # elf2dmp needs each processor's registers, which QEMU has in a note of its own
    assert not (folder / "memory.dmp").exists()
