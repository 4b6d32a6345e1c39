"""A real guest with QEMU's own agent is started until it rests, as the build of an image does with Windows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libvirt
import pytest

from harness.images.resting import let_rest
from harness.images.running import Running
from harness.machines.libvirt.clone.domain_xml import domain_xml, validate
from harness.machines.libvirt.clone.overlay import make_overlay
from harness.machines.libvirt.host.qmp import agent, run_in_guest, write_file
from harness.machines.libvirt.options import CloneMethod
from harness.machines.libvirt.provider import LibvirtProvider
from harness.model.deadline import Deadline

pytestmark = [pytest.mark.libvirt, pytest.mark.slow]
NAME = "bvt-let-rest-test"
MARK = "/var/tmp/pending"
WITHOUT_WINE = " systemd.mask=bvt-wine.service systemd.mask=bvt-winrm.service systemd.mask=bvt-power.service"
"""Arguments of the kernel. Wine is most of a start's work, and is asked nothing here."""


@pytest.mark.in_turn("boots of an emulated machine", days=3, emulated=True)
def test_a_real_guest_is_started_until_it_rests(lab: LibvirtProvider, tmp_path: Path) -> None:
    maker = lab.template_maker("wine-guest", CloneMethod.BOOT)
    host, disk = maker.host, maker.storage / f"{NAME}.qcow2"
    make_overlay(maker.image.disk.resolve(), disk)
    starts: list[libvirt.virDomain] = []
    said: list[str] = []

    @contextmanager
    def start() -> Iterator[Running]:
        hardware = maker.shape.hardware
        hardware = hardware.model_copy(update={"kernel_arguments": hardware.kernel_arguments + WITHOUT_WINE})
        log = maker.storage / f"{NAME}.log"
        spec = maker.shape.model_copy(
            update={"name": NAME, "disk": disk, "serial_log": log, "hardware": hardware}
        )
        xml = domain_xml(spec)
        validate(xml, tmp_path)
        history = host.events.history(NAME)
        try:
            starts.append(host.call(lambda connection: connection.createXML(xml, 0)))
            yield Running(host, NAME, starts[-1], history, spec.serial_log, kvm=spec.kvm)
        finally:
            host.destroy(NAME)
            host.events.forget(NAME)
            host.remove_traces(NAME)

    def rest(domain: libvirt.virDomain, deadline: Deadline) -> str:
        """Reboots once by itself; what it writes then is there in the next start, where nothing is pending."""
        ask = f"test -e {MARK}2 && exit 0; test -e {MARK} && touch {MARK}2 && sync && exit 2; touch {MARK}; sync; exit 1"
        # Its own asks a bus that this small system has not; it is a link to another program.
        run_in_guest(domain, "/bin/rm", "-f", "/sbin/shutdown", deadline=deadline)
        write_file(
            domain,
            "/sbin/shutdown",
            b"#!/bin/sh\nsync\necho 1 > /proc/sys/kernel/sysrq\necho o > /proc/sysrq-trigger\n",
        )
        run_in_guest(domain, "/bin/chmod", "755", "/sbin/shutdown", deadline=deadline)
        code = run_in_guest(domain, "/bin/sh", "-c", ask, deadline=deadline).exit_code
        if code == 1:
            agent(
                domain,
                "guest-exec",
                path="/bin/sh",
                arg=["-c", "echo 1 > /proc/sys/kernel/sysrq; echo b > /proc/sysrq-trigger"],
            )
            run_in_guest(domain, "/bin/sleep", "600", deadline=deadline)  # is lost with the agent
        return "renames" if code == 2 else ""

    try:
        rested = let_rest(start, rest, Deadline.after(900), said.append)
    finally:
        disk.unlink()
        (maker.storage / f"{NAME}.log").unlink(missing_ok=True)
    assert (rested.starts, rested.pending) == (2, "")
    assert len(starts) == 2
    assert "renames" in said[-1]
