"""Makes a clone one computer: clock, name, identity, Windows version, password.

A clone wakes up as the copy of its template. It finds a letter in its memory (`letter.py`), or is told by the guest
agent. Nothing here goes over WinRM: until this is done nobody can log in.
"""

import base64
import json
import secrets
import shlex
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libvirt
from pydantic import SecretStr

from harness.machines.certificate import self_signed
from harness.machines.libvirt.host.qmp import agent, run_in_guest, write_file
from harness.machines.libvirt.image.manifest import ImageManifest
from harness.machines.libvirt.image.recipe import recipe_directory
from harness.machines.wine_prefix.identity import (
    COMPUTER_NAME,
    Identity,
    media_edit,
    system_edits,
    user_edits,
)
from harness.machines.wine_prefix.registry_text import DeleteValue, RegistryEdit, SetValue
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded
from harness.model.substrate import GuestSystem
from harness.model.windows import ProductType, WindowsVersion

ALL_KINDS = "-aA1"
ADMINISTRATOR = "Administrator"
PREFIX = "/var/lib/bvt/prefix"
MEDIA = "/media/bvt"
FAILURE_DEADLINE_S = 5.0
SEED = 32
"""Bytes of randomness that a clone is given: what its kernel has is the template's."""
ACTIVE_COMPUTER_NAME = COMPUTER_NAME.rpartition("\\")[0] + "\\ActiveComputerName"


@dataclass(frozen=True)
class Person:
    """What one clone is told."""

    identity: Identity
    password: SecretStr
    certificate: bytes
    key: bytes

    @classmethod
    def new(cls, machine_id: str) -> "Person":
        """A fresh password, certificate and identity."""
        identity = Identity.new(machine_id)
        certificate, key = self_signed(identity.hostname)
        # Windows refuses a password without three of four kinds of characters, which a random one may lack.
        password = SecretStr(secrets.token_urlsafe(18) + ALL_KINDS)
        return cls(identity, password, certificate, key)


def personalise(
    domain: libvirt.virDomain,
    manifest: ImageManifest,
    windows: WindowsVersion,
    person: Person,
) -> None:
    """Tell the guest who it is; its WinRM answers once it has taken that in. Raises `libvirtError`."""
    if manifest.guest_system is GuestSystem.WINE:
        _personalise_wine(domain, manifest, windows, person)
    else:
        _personalise_windows(domain, manifest, windows, person)


def _personalise_wine(
    domain: libvirt.virDomain,
    manifest: ImageManifest,
    windows: WindowsVersion,
    person: Person,
) -> None:
    # Into the FIFO on which vm_images/wine-guest/rootfs/usr/lib/bvt/guest.py waits.
    write_file(domain, "/run/bvt/word", letter_to(manifest, windows, person) + b"\n")


def letter_to(manifest: ImageManifest, windows: WindowsVersion, person: Person) -> bytes:
    """What a wine-guest is told: one line of JSON, for guest.py of its image."""
    word = {
        "time": time.time(),
        "hostname": person.identity.hostname,
        "registry": registry_lines(windows, person.identity, manifest.media_root),
        "winrm": winrm_configuration(manifest, person),
        "certificate": person.certificate.decode(),
        "key": person.key.decode(),
        "media": True,
        "seed": secrets.token_hex(SEED),
    }
    return json.dumps(word).encode()


def set_clock(domain: libvirt.virDomain, system: GuestSystem) -> None:
    """Give a guest that was paused the time. Raises `libvirtError`."""
    if system is GuestSystem.WINE:
        write_file(domain, "/run/bvt/clock", f"{time.time()}\n".encode())
    else:
        agent(domain, "guest-set-time", time=time.time_ns())


def failure(domain: libvirt.virDomain) -> str:
    """What went wrong inside, in the guest's own words; empty if it does not say."""
    try:
        said = run_in_guest(
            domain, "/bin/cat", "/run/bvt/failed", deadline=Deadline.after(FAILURE_DEADLINE_S)
        )
    except (libvirt.libvirtError, DeadlineExceeded):
        return ""
    return said.output.strip().splitlines()[-1] if said.output.strip() else ""


def _personalise_windows(
    domain: libvirt.virDomain, manifest: ImageManifest, windows: WindowsVersion, person: Person
) -> None:
    """Clock and passwords ("QEMU Guest Agent Protocol Reference").

    Name and MachineGuid stay the template's: Windows takes a new name only at a reboot, which would cost what the
    clone saved. WinRM comes with the template; whoever made the machine waits for its answer.
    """
    agent(domain, "guest-set-time", time=time.time_ns())
    _set_password(domain, manifest.winrm.username, person.password)
    if windows.product_type is not ProductType.WORKSTATION and manifest.winrm.username != ADMINISTRATOR:
        # Setup of a server gives it the image's password. An imported image may have renamed it.
        with suppress(libvirt.libvirtError):
            _set_password(domain, ADMINISTRATOR, SecretStr(secrets.token_urlsafe(18) + ALL_KINDS))


def _set_password(domain: libvirt.virDomain, username: str, password: SecretStr) -> None:
    encoded = base64.b64encode(password.get_secret_value().encode()).decode()
    agent(domain, "guest-set-user-password", username=username, password=encoded, crypted=False)


def registry_lines(windows: WindowsVersion, identity: Identity, media_root: str) -> list[str]:
    """The lines that identity.exe in the guest takes (vm_images/wine-guest/identity.c)."""
    machine = [
        *system_edits(windows, identity),
        media_edit(media_root.rstrip("\\")),
        # Wine copies the name here when it boots; this clone has booted already.
        SetValue(ACTIVE_COMPUTER_NAME, "ComputerName", identity.hostname),
    ]
    return [*_lines("M", machine), *_lines("U", user_edits(identity))]


def _lines(hive: str, edits: Iterable[RegistryEdit]) -> Sequence[str]:
    lines = []
    for change in edits:
        kind, data = "X", ""
        if not isinstance(change, DeleteValue):
            kind, data = ("D" if isinstance(change.data, int) else "S"), str(change.data)
        fields = (hive, kind, change.key, change.name, data)
        if any(set(field) & set("\t\r\n") for field in fields):
            raise ValueError(f"a registry value holds a tab or line break: {change.key} {change.name}")
        lines.append("\t".join(fields))
    return lines


def winrm_configuration(manifest: ImageManifest, person: Person) -> dict[str, Any]:
    """The configuration of `harness.winrmd` inside the guest."""
    unix = "\\\\?\\unix"
    probe = unix + "\\usr\\lib\\bvt\\bvt-probe.exe"
    executed = ["/usr/lib/wine/wine64", probe, "exec", "--result", "{result}"]
    return {
        "users": {manifest.winrm.username: person.password.get_secret_value()},
        "launcher": [*executed, "--", "{command}"],
        "launcher_ahead": [*executed, "--ahead"],
        "result_dir": "/run/bvt/results",
        "result_dir_guest": unix + "\\run\\bvt\\results",
        "tls_cert": "/var/lib/bvt/winrm.pem",
        "tls_key": "/var/lib/bvt/winrm.key",
        "environment": wine_environment(),
        "drives": {"C:": f"{PREFIX}/drive_c", "D:": MEDIA},
        "working_directory": f"{PREFIX}/drive_c",
        "machine_name": person.identity.hostname,
        "log_path": "/var/log/bvt-winrm.log",
    }


def wine_environment(recipe: Path | None = None) -> dict[str, str]:
    """The environment of Wine's processes in the guest: the very file that its units read."""
    path = (recipe or recipe_directory("wine-guest")) / "rootfs" / "usr" / "lib" / "bvt" / "environment"
    return dict(word.split("=", 1) for line in path.read_text().splitlines() for word in shlex.split(line))
