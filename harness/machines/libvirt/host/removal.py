"""What a machine leaves on its host, and how that is removed: its domain, its directory."""

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import libvirt

from harness.machines.directories import users
from harness.machines.intent import Intent
from harness.machines.libvirt.host.host import Host
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError

REMOVE_S = 10.0
DOMAIN = re.compile(r" -name guest=([^, ]+)")
"""How libvirt names a domain on the command line of its QEMU."""


def remove_machine(host: Host, intent: Intent) -> list[str]:
    """End the intent's domain and remove its directory; says what was there. Raises `InfrastructureError`."""
    removed = []
    name = str(intent.resources.get("domain", ""))
    try:
        if name and host.destroy(name):
            removed.append(f"domain {name} on {host.uri}")
    except libvirt.libvirtError as error:
        raise InfrastructureError(f"The domain {name} on {host.uri} cannot be ended: {error}.") from error
    if name:
        host.remove_traces(name)
    return [*removed, *remove_files(intent)]


def remove_files(intent: Intent) -> list[str]:
    """Remove the intent's directory; says what was there. Raises `InfrastructureError`."""
    directory = intent.resources.get("directory")
    if not directory or not Path(directory).exists():
        return []
    remove_directory(Path(directory), Deadline.after(REMOVE_S))
    return [f"directory {directory}"]


def end_users(hosts: Iterable[Host], directory: Path) -> bool:
    """End the domains that run from files in this directory; whether no process uses it any more.

    Other processes are left alone, as is a domain that none of these hosts knows.
    """
    found = users(directory)
    names = {match[1] for line in found.values() if (match := DOMAIN.search(line))}
    for host in hosts if names else ():
        for name in names:
            with suppress(InfrastructureError, libvirt.libvirtError):
                if host.destroy(name):
                    host.remove_traces(name)
    deadline = Deadline.after(REMOVE_S if names else 0.0)
    while found and not deadline.passed:
        deadline.pause(0.05)
        found = users(directory)
    return not found


def remove_directory(directory: Path, deadline: Deadline) -> None:
    """Remove it with everything in it. Raises `InfrastructureError` if something stays.

    A program that a killed run started (qemu-img, xorriso) may still write into it for a moment.
    """
    while directory.exists():
        shutil.rmtree(directory, ignore_errors=True)
        if directory.exists():
            deadline.require(f"The removal of {directory}", hint="See what holds it, then run: bvt clean")
            deadline.pause(0.05)
