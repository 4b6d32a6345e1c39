"""A virtual machine that outlives its run: left running, or put away as a capsule."""

from datetime import UTC, datetime

import libvirt

from harness.machines.intent import Intent, IntentFile
from harness.machines.libvirt.clone.capsule import CapsuleRecord, lay_out, put_away, seal_capsule
from harness.machines.libvirt.facts import Facts
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.processor import host_processor
from harness.machines.libvirt.host.qmp import human_monitor
from harness.machines.provider import KeptMachine
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError

PUT_AWAY_S = 120.0
PROVIDER = "libvirt"


def kept_running(host: Host, intent: Intent, facts: Facts) -> KeptMachine:
    """How one finds a machine that is left running."""
    return KeptMachine(
        machine_id=intent.machine_id,
        cell_id=intent.cell_id,
        run_id=intent.run_id,
        provider=PROVIDER,
        access=facts.winrm,
        notes=(
            f"domain {intent.machine_id} on {host.uri}",
            f"screen: VNC {_vnc_address(host, intent.machine_id)}",
            f"serial console: {facts.directory / 'serial.log'}",
            "its backend connections lead to the run's backend; `bvt shell` alone tells whether that is alive",
        ),
    )


def kept_capsule(intent: Intent, facts: Facts) -> KeptMachine:
    """How one finds a machine that was put away."""
    return KeptMachine(
        machine_id=intent.machine_id,
        cell_id=intent.cell_id,
        run_id=intent.run_id,
        provider=PROVIDER,
        access=facts.winrm,
        notes=(f"capsule {facts.directory}",),
        capsule=facts.directory,
    )


def put_in_capsule(host: Host, domain: libvirt.virDomain, intent: IntentFile, facts: Facts) -> None:
    """End the domain with its disk and RAM in its directory, sealed.

    Raises `OSError`, `InfrastructureError` and libvirt's errors.
    """
    named = intent.intent
    record = CapsuleRecord(
        machine_id=named.machine_id,
        cell_id=named.cell_id,
        run_id=named.run_id,
        made=datetime.now(UTC),
        image=facts.image.name,
        image_digest=facts.image.digest,
        guest_system=facts.image.guest_system,
        media_root=facts.media_root,
        hypervisor=host.versions(),
        processor=host_processor(),
        spec=facts.spec,
        access=facts.winrm,
        files={},
    )
    put_away(domain, facts.directory, lambda: host.destroy(named.machine_id), Deadline.after(PUT_AWAY_S))
    lay_out(host, facts.spec, facts.directory, Deadline.after(PUT_AWAY_S))
    # It takes no room of the host any more, but the image that it stands on is used.
    intent.release("uri", "domain", "memory_mb", "cpus", "disk_mb")
    seal_capsule(facts.directory, facts.stored, record)


def _vnc_address(host: Host, name: str) -> str:
    try:
        domain = host.domain(name)
        text = human_monitor(domain, "info vnc") if domain is not None else ""
    except (InfrastructureError, libvirt.libvirtError):
        return "not known"
    words = [word for line in text.splitlines() if "Server" in line for word in line.split()]
    return next((word for word in words if ":" in word and word[-1].isdigit()), "not known")
