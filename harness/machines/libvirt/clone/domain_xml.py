"""Domain XML from typed data (libvirt: "Domain XML format", "QEMU command-line passthrough")."""

import hashlib
import shlex
from pathlib import Path

from lxml import etree

from harness.machines.libvirt.clone.domain import (
    BACKEND_IN_GUEST,
    GUEST_ADDRESS,
    MAC,
    NEIGHBOUR,
    DomainSpec,
    Memory,
)
from harness.machines.libvirt.clone.processor_xml import processor
from harness.machines.libvirt.host.programs import run
from harness.machines.libvirt.image.manifest import Firmware

QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"
OWN = "urn:agent-bvt:machine"
MEMORY_ID = "bvtram"
SHELL, DD = "/bin/sh", "/usr/bin/dd"
NETWORK_ID = "bvtnet"
AGENT_CHANNEL = "org.qemu.guest_agent.0"


def domain_xml(spec: DomainSpec) -> str:
    """The whole definition."""
    root = etree.Element("domain", {"type": "kvm" if spec.kvm else "qemu"}, nsmap={"qemu": QEMU, "bvt": OWN})
    _text(root, "name", spec.name)
    _text(root, "uuid", str(spec.hardware_uuid))
    etree.SubElement(root, "metadata").append(owner(spec.run_id, spec.cell_id))
    _text(root, "memory", str(spec.memory_mb), unit="MiB")
    _text(root, "vcpu", str(spec.cpus))
    _operating_system(root, spec)
    processor(root, spec)
    _text(root, "on_poweroff", "destroy")
    _text(root, "on_reboot", "restart")
    _text(root, "on_crash", "preserve")
    _devices(etree.SubElement(root, "devices"), spec)
    _passthrough(root, spec)
    return etree.tostring(root, pretty_print=True, encoding="unicode")


def owner(run_id: str, cell_id: str) -> etree._Element:
    """Whose machine it is, for whoever looks at the domain with other tools."""
    return etree.Element(f"{{{OWN}}}machine", {"run": run_id, "cell": cell_id}, nsmap={"bvt": OWN})


def owner_xml(run_id: str, cell_id: str) -> str:
    """The same as text."""
    return etree.tostring(owner(run_id, cell_id), encoding="unicode")


def owned_by(definition: str, run_id: str, cell_id: str) -> str:
    """The definition of a machine that was made for another cell, with its new owner."""
    root, now = etree.fromstring(definition), owner(run_id, cell_id)
    for before in root.iter(now.tag):
        before.set("cell", cell_id)
    return etree.tostring(root, encoding="unicode")


def shape_digest(spec: DomainSpec) -> str:
    """SHA-256 of what clones of one template have in common."""
    return hashlib.sha256(domain_xml(spec.shape).encode()).hexdigest()


def validate(xml: str, directory: Path) -> None:
    """Check against libvirt's own schema. Raises `InfrastructureError` with what virt-xml-validate says."""
    path = directory / "domain.xml"
    path.write_text(xml)
    run(["virt-xml-validate", path, "domain"], what="The domain's definition is not valid", deadline_s=30)


def _text(parent: etree._Element, tag: str, text: str, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, tag, attributes)
    element.text = text
    return element


def _operating_system(root: etree._Element, spec: DomainSpec) -> None:
    firmware = spec.hardware.firmware
    uefi = firmware in (Firmware.UEFI, Firmware.UEFI_SECURE)
    system = etree.SubElement(root, "os", {"firmware": "efi"} if uefi else {})
    _text(system, "type", "hvm", arch="x86_64", machine=spec.hardware.machine)
    if uefi:
        features = etree.SubElement(system, "firmware")
        enabled = "yes" if firmware is Firmware.UEFI_SECURE else "no"
        for name in ("secure-boot", "enrolled-keys"):
            etree.SubElement(features, "feature", {"enabled": enabled, "name": name})
    if firmware is Firmware.KERNEL:
        _text(system, "kernel", str(spec.kernel))
        _text(system, "initrd", str(spec.initrd))
        told = f" tsc_early_khz={spec.tsc_khz}" if spec.tsc_khz else ""
        _text(system, "cmdline", spec.hardware.kernel_arguments + told)


def _devices(devices: etree._Element, spec: DomainSpec) -> None:
    disk = etree.SubElement(devices, "disk", {"type": "file", "device": "disk"})
    # The overlay is thrown away, so it need not survive a power cut; a full host disk pauses the guest.
    etree.SubElement(
        disk,
        "driver",
        {"name": "qemu", "type": "qcow2", "cache": "unsafe", "discard": "unmap", "error_policy": "stop"},
    )
    etree.SubElement(disk, "source", {"file": str(spec.disk)})
    bus = spec.hardware.disk_bus.value
    etree.SubElement(disk, "target", {"dev": "vda" if bus == "virtio" else "sdz", "bus": bus})
    if spec.installation_media:
        etree.SubElement(disk, "boot", {"order": str(len(spec.installation_media) + 1)})
    drives: list[Path | None] = [spec.media, *spec.installation_media]
    bus = "ide" if spec.hardware.machine.startswith("pc") else "sata"
    for index, medium in enumerate(drives):
        drive = etree.SubElement(devices, "disk", {"type": "file", "device": "cdrom"})
        etree.SubElement(drive, "driver", {"name": "qemu", "type": "raw"})
        if medium is not None:
            etree.SubElement(drive, "source", {"file": str(medium)})
        letter = chr(ord("a") + index)
        etree.SubElement(drive, "target", {"dev": f"{'hd' if bus == 'ide' else 'sd'}{letter}", "bus": bus})
        etree.SubElement(drive, "readonly")
        if index > 0:
            etree.SubElement(drive, "boot", {"order": str(index)})
    etree.SubElement(devices, "controller", {"type": "usb", "index": "0", "model": "none"})
    serial = etree.SubElement(devices, "serial", {"type": "file"})
    etree.SubElement(serial, "source", {"path": str(spec.serial_log), "append": "on"})
    channel = etree.SubElement(devices, "channel", {"type": "unix"})
    etree.SubElement(channel, "source", {"mode": "bind"})
    etree.SubElement(channel, "target", {"type": "virtio", "name": AGENT_CHANNEL})
    graphics = etree.SubElement(devices, "graphics", {"type": "vnc", "autoport": "yes"})
    etree.SubElement(graphics, "listen", {"type": "address", "address": "127.0.0.1"})
    video = etree.SubElement(devices, "video")
    etree.SubElement(video, "model", {"type": "vga", "vram": "4096"})
    if spec.hardware.tpm:
        tpm = etree.SubElement(devices, "tpm", {"model": "tpm-crb"})
        etree.SubElement(tpm, "backend", {"type": "emulator", "version": "2.0"})
    etree.SubElement(devices, "memballoon", {"model": "none"})
    rng = etree.SubElement(devices, "rng", {"model": "virtio"})
    _text(rng, "backend", "/dev/urandom", model="random")
    etree.SubElement(devices, "panic", {"model": spec.hardware.panic_model})


def _passthrough(root: etree._Element, spec: DomainSpec) -> None:
    """What libvirt has no words for: an isolated user network, and RAM in a file of our choice."""
    network = (
        f"user,id={NETWORK_ID},restrict=on,hostfwd=tcp:{spec.listen}:0-{GUEST_ADDRESS}:{spec.winrm_port}"
    )
    if spec.relay is not None:
        # `cmd:` starts one relay per connection; the `-tcp:` form would serve a single connection in all.
        # socat passes the end of a connection on only by ending, `-t` seconds after it.
        network += f",guestfwd=tcp:{BACKEND_IN_GUEST}-cmd:{spec.socat} -t 1 - TCP:{spec.relay}"
    if spec.contacts is not None:
        # Another host, which notes that it was reached by one more file of that name, and in it what is said, up to a
        # limit: the guest must not fill this host's disk.
        noting = f"exec {DD} bs=4096 count=64 status=none >>{shlex.quote(str(spec.contacts))}.$$"
        noted = shlex.quote(noting).replace(",", ",,")
        network += f",guestfwd=tcp:{NEIGHBOUR}-cmd:{SHELL} -c {noted}"
    # A clone's network has nobody to whom its guest would have to announce itself, as it does after a migration.
    virtio = spec.hardware.disk_bus.value == "virtio"
    model = "virtio-net-pci,guest_announce=off" if virtio else "e1000e"
    arguments = ["-netdev", network]
    arguments += ["-device", f"{model},id=bvtnic,netdev={NETWORK_ID},mac={MAC},addr=0x1c,romfile="]
    if spec.memory in (Memory.TEMPLATE, Memory.LAID_OUT, Memory.CLONE):
        share = "off" if spec.memory is Memory.CLONE else "on"
        backend = f"memory-backend-file,id={MEMORY_ID},size={spec.memory_mb}M,mem-path={spec.memory_file}"
        arguments += ["-object", f"{backend},share={share}", "-machine", f"memory-backend={MEMORY_ID}"]
    if spec.memory is Memory.CAPSULE:
        backend = f"memory-backend-ram,id={MEMORY_ID},size={spec.memory_mb}M"
        arguments += ["-object", backend, "-machine", f"memory-backend={MEMORY_ID}"]
    if spec.memory in (Memory.CLONE, Memory.INCOMING, Memory.LAID_OUT, Memory.CAPSULE):
        arguments += ["-incoming", "defer"]
    command_line = etree.SubElement(root, f"{{{QEMU}}}commandline")
    for argument in arguments:
        etree.SubElement(command_line, f"{{{QEMU}}}arg", {"value": argument})
    # libvirt asks for about 400 CPU features one by one if it can: 0.3 s per domain, and nobody reads them.
    capabilities = etree.SubElement(root, f"{{{QEMU}}}capabilities")
    etree.SubElement(capabilities, f"{{{QEMU}}}del", {"capability": "cpu-unavailable-features"})
