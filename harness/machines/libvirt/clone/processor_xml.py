"""What the guest sees of processor and clock (libvirt: "Domain XML format", its parts on CPU, features and time).

Windows finds `hv-crash` (the panic device) and takes the machine for Hyper-V. Without the rest of Hyper-V's interface
it has then neither a reference clock nor relaxed timers: slow, and a watchdog that stops it (0x101) on a busy host.
KVM alone has that interface, so under emulation none of it is asked for.
"""

from lxml import etree

from harness.machines.libvirt.clone.domain import DomainSpec
from harness.machines.libvirt.image.manifest import Firmware

# `max` under emulation oopses guest kernels once Wine starts; Nehalem works and is faster than newer models.
TCG_CPU = "Nehalem"
SPINLOCK_RETRIES = "8191"
"""0x1fff, what QEMU's documentation of Hyper-V enlightenments gives."""
ENLIGHTENMENTS = (
    "relaxed",
    "vapic",
    "spinlocks",
    "vpindex",
    "runtime",
    "synic",
    "stimer",
    "frequencies",
)
NESTING = ("vmx", "svm")
"""Seen by Windows 11 and 2025, they start virtualisation-based security, whose state no template can hold."""


def processor(root: etree._Element, spec: DomainSpec) -> None:
    """`features`, `cpu` and `clock`."""
    enlightened = spec.windows and spec.kvm
    features = etree.SubElement(root, "features")
    for name in ("acpi", "apic"):
        etree.SubElement(features, name)
    if spec.windows:
        # Its driver fwcfg says here where the kernel's structures are: QEMU's dump for WinDbg begins with them.
        etree.SubElement(features, "vmcoreinfo", {"state": "on"})
    if enlightened:
        _enlightenments(etree.SubElement(features, "hyperv", {"mode": "custom"}))
    if spec.hardware.firmware is Firmware.UEFI_SECURE:
        etree.SubElement(features, "smm", {"state": "on"})
    if spec.kvm:
        cpu = etree.SubElement(root, "cpu", {"mode": "host-passthrough", "check": "none"})
    else:
        cpu = etree.SubElement(root, "cpu", {"mode": "custom", "match": "exact", "check": "none"})
        model = etree.SubElement(cpu, "model", {"fallback": "forbid"})
        model.text = TCG_CPU
    if spec.windows:
        # libvirt gives each processor a socket of its own, and clients use two at most.
        cores = {"sockets": "1", "dies": "1", "cores": str(spec.cpus), "threads": "1"}
        etree.SubElement(cpu, "topology", cores)
    if enlightened:
        for name in NESTING:
            etree.SubElement(cpu, "feature", {"policy": "disable", "name": name})
    clock = etree.SubElement(root, "clock", {"offset": "utc"})
    # With an HPET a Linux guest under emulation reads the time through the device model, which is slow.
    etree.SubElement(clock, "timer", {"name": "hpet", "present": "no"})
    if enlightened:
        etree.SubElement(clock, "timer", {"name": "hypervclock", "present": "yes"})


def _enlightenments(hyperv: etree._Element) -> None:
    for name in ENLIGHTENMENTS:
        element = etree.SubElement(hyperv, name, {"state": "on"})
        if name == "spinlocks":
            element.set("retries", SPINLOCK_RETRIES)
