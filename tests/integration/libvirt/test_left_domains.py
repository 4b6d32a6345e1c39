"""A domain that runs from a directory which no intent names is found, ended and removed. It needs no guest."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import libvirt
import pytest

from harness.machines.cleaning import Outcome, clean
from harness.machines.directories import note, users
from harness.machines.libvirt.host.daemon import PrivateDaemon
from harness.machines.libvirt.host.host import Host
from harness.state import StateDirectory

pytestmark = pytest.mark.libvirt
NAME = "bvt-0123456789"
DOMAIN = """
<domain type='qemu'>
  <name>{name}</name><memory unit='MiB'>16</memory><os><type machine='pc'>hvm</type></os>
  <devices><disk type='file' device='disk'>
    <driver name='qemu' type='qcow2'/><source file='{disk}'/><target dev='vda' bus='virtio'/>
  </disk></devices>
</domain>
"""
Place = Callable[[StateDirectory], Path]


def of_a_machine(state: StateDirectory) -> Path:
    path = state.machines / NAME
    path.mkdir()
    note(path, "libvirt", state.intents / f"{NAME}.json")
    return path


def of_a_template(state: StateDirectory) -> Path:
    path = state.part("templates", "win") / f"0123456789abcdef.{NAME}"
    path.mkdir()
    return path


@pytest.mark.parametrize("place", [of_a_machine, of_a_template])
@pytest.mark.parametrize("uri", ["private:lab", "private:another"])
def test_a_domain_without_an_intent_is_ended(tmp_path: Path, place: Place, uri: str) -> None:
    state = StateDirectory(tmp_path)
    directory = place(state)
    disk = directory / "disk.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1M"], check=True, timeout=60)
    host = Host(uri, state)
    xml = DOMAIN.format(name=NAME, disk=disk)
    try:
        host.call(lambda connection: connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED))
        assert users(directory)
        (found,) = clean(state, dry_run=True)
        assert (found.name, found.outcome) == (str(directory), Outcome.FOUND)
        assert host.domain(NAME) is not None
        (removed,) = clean(state)
        assert removed.outcome is Outcome.REMOVED
        assert host.domain(NAME) is None
        assert not directory.exists()
    finally:
        host.destroy(NAME)
        host.close()
        PrivateDaemon.named(uri, state).stop()
