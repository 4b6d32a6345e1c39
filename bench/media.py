r"""Files into a virtual machine: the media drive, against what goes through WinRM.

Told is the time until the guest's own SHA-256 of the file is right. Ours: make the ISO image, change it in
the running machine's CD-ROM drive, mount it, hash `D:\payload.bin`. A run has it easier: its image is in the
drive before the machine starts.

The peers are what this substrate (Wine) allows. pypsrp's `Client.copy` needs PowerShell, which Wine has not;
its stand-in streams the file with pypsrp's WinRS into the standard input of a program that writes it (the
probe's `write`): the same Send messages, and less work in the guest than `copy` gives to PowerShell. pywinrm
has no copy; the usual recipe appends base64 lines with `echo … >>`, one command each. Nothing in Wine decodes
them, so its stand-in ends with the text, whose hash is verified.

A peer that does not finish within its budget is extrapolated from its own rate; name and note say so, and to
it the hashing time of ours is added.
"""

import base64
import hashlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libvirt
from lxml import etree
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan
from winrm.protocol import Protocol

from bench.lab_rig import COMMAND, COMMAND_DEADLINE_S, Lab, lab_rig
from bench.measure import Result
from harness.guest.guest import Guest
from harness.machines.libvirt.clone.media import build_iso
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.options import CloneMethod
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError

MB = 1_000_000
SIZES_MB = (1, 20, 150)
BUDGET_S = 100.0
"""No larger size is begun after this: on an overloaded machine its rows are missing."""
STREAM_BUDGET_S = 60.0
CHUNKS_BUDGET_S = 40.0
CHUNK_BYTES = 6000
"""As base64 this nearly fills cmd.exe's longest command line, 8191 characters."""
HASH_DEADLINE_S = 120.0
CLONE_DEADLINE_S = 60.0
MOUNT = (
    "n=0; until mount -t iso9660 -o ro,mode=0555,dmode=0555 /dev/sr0 /media/bvt 2>/run/bvt/mount.log;"
    " do n=$((n+1)); [ $n -lt 100 ] || { cat /run/bvt/mount.log >&2; exit 1; }; sleep 0.05; done"
)


@dataclass(frozen=True)
class Sent:
    """How much was moved in how long, and how long the guest took to hash that."""

    size: int
    moved_s: float
    hashed_s: float
    complete: bool = True


def measure() -> Iterator[Result]:
    with (
        lab_rig() as lab,
        lab.machine(CloneMethod.RAM, CLONE_DEADLINE_S) as machine,
        lab.guest(machine.winrm, machine.media_root) as guest,
    ):
        guest.run(COMMAND, shell=True, timeout_s=COMMAND_DEADLINE_S)  # logging in is not what is measured
        began = time.monotonic()
        streamed: Sent | None = None
        chunked: Sent | None = None
        for size_mb in SIZES_MB:
            if time.monotonic() - began > BUDGET_S:
                break
            payload = random.Random(size_mb).randbytes(size_mb * MB)
            ours = _by_media_drive(lab, machine, guest, payload)
            # What did not finish a smaller file need not be watched not finishing a larger one.
            if streamed is None or streamed.complete:
                streamed = _by_stream(machine, guest, payload)
            if chunked is None or chunked.complete:
                chunked = _by_chunks(machine, guest, payload)
            yield _result(size_mb, ours, "pypsrp WinRS stdin stream", streamed)
            yield _result(size_mb, ours, "pywinrm base64 echo chunks", chunked)


def _result(size_mb: int, ours: Sent, peer: str, sent: Sent) -> Result:
    name, size = f"media_{size_mb}mb", size_mb * MB
    ours_s, peer_s = ours.moved_s + ours.hashed_s, sent.moved_s + sent.hashed_s
    note = f"{ours.hashed_s:.2f} s of ours is the guest's SHA-256; without hashing"
    moved_s = sent.moved_s
    if sent.size < size:
        moved_s = sent.moved_s * size / sent.size
        peer_s = moved_s + ours.hashed_s
        name += "_extrapolated"
        note = f"peer measured on {sent.size / MB:.2f} MB, extrapolated; {note}"
    return Result(
        name,
        round(ours_s, 3),
        peer,
        round(peer_s, 3),
        round(peer_s / ours_s, 2),
        f"{note} {ours.moved_s:.2f} s against {moved_s:.2f} s",
    )


def _by_media_drive(lab: Lab, machine: LibvirtMachine, guest: Guest, payload: bytes) -> Sent:
    source = lab.media / "payload.bin"
    source.write_bytes(payload)
    image = lab.scratch / f"media-{len(payload)}.iso"
    began = time.perf_counter()
    build_iso(lab.media, image)
    _in_guest(machine, "umount /media/bvt")
    _change_medium(lab, machine, image)
    _in_guest(machine, MOUNT)
    moved_s = time.perf_counter() - began
    source.unlink()
    return Sent(len(payload), moved_s, _hash(guest, f"{machine.media_root}payload.bin", payload))


def _change_medium(lab: Lab, machine: LibvirtMachine, image: Path) -> None:
    domain = lab.host.domain(machine.machine_id)
    assert domain is not None
    drive = etree.fromstring(domain.XMLDesc()).find("devices/disk[@device='cdrom']")
    assert drive is not None
    source = drive.find("source")
    assert source is not None
    source.set("file", str(image))
    flags = libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE
    domain.updateDeviceFlags(etree.tostring(drive, encoding="unicode"), flags)


def _in_guest(machine: LibvirtMachine, script: str) -> None:
    done = machine.run("/bin/sh", "-c", script, deadline=Deadline.after(30))
    if done.exit_code != 0:
        raise InfrastructureError(f"`{script}` failed in the guest: {done.errors.strip()}")


def _by_stream(machine: LibvirtMachine, guest: Guest, payload: bytes) -> Sent:
    """Until everything is written or the budget is spent."""
    access, path = machine.winrm, r"C:\stream.bin"
    options: dict[str, Any] = {
        "username": access.username,
        "password": access.password.get_secret_value(),
        "port": access.port,
        "ssl": True,
        "auth": access.auth,
        "cert_validation": str(access.ca_pem),
        "no_proxy": True,
    }
    wsman = WSMan(access.host, **options)
    with wsman, WinRS(wsman) as shell:
        probe = f"{machine.media_root}tools\\bvt-probe.exe"
        process = Process(shell, probe, ["write", path], no_shell=True)
        began = time.perf_counter()
        process.begin_invoke()
        sent, step = 0, wsman.max_payload_size
        while sent < len(payload):
            late = time.perf_counter() - began > STREAM_BUDGET_S
            chunk = payload[sent : sent + step]
            sent += len(chunk)
            process.send(chunk, end=late or sent == len(payload))
            if late:
                break
        process.end_invoke()
        moved_s = time.perf_counter() - began
    hashed_s = _hash(guest, path, payload[:sent])
    guest.delete(path)
    return Sent(sent, moved_s, hashed_s, sent == len(payload))


def _by_chunks(machine: LibvirtMachine, guest: Guest, payload: bytes) -> Sent:
    access, path = machine.winrm, r"C:\chunks.txt"
    protocol = Protocol(
        access.url,
        transport="ntlm" if access.auth == "ntlm" else "basic",
        username=access.username,
        password=access.password.get_secret_value(),
        ca_trust_path=str(access.ca_pem),
        server_cert_validation="validate",
        proxy=None,
    )
    shell = protocol.open_shell()
    try:
        began, sent, lines = time.perf_counter(), 0, b""
        while sent < len(payload) and time.perf_counter() - began <= CHUNKS_BUDGET_S:
            line = base64.b64encode(payload[sent : sent + CHUNK_BYTES])
            command = protocol.run_command(shell, f"echo {line.decode()}>>{path}")
            _, errors, status = protocol.get_command_output(shell, command)
            protocol.cleanup_command(shell, command)
            if status != 0:
                raise InfrastructureError(f"A chunk was not written: {errors!r}")
            lines += line + b"\r\n"
            sent = min(sent + CHUNK_BYTES, len(payload))
        moved_s = time.perf_counter() - began
    finally:
        protocol.close_shell(shell)
    hashed_s = _hash(guest, path, lines)
    guest.delete(path)
    return Sent(sent, moved_s, hashed_s, sent == len(payload))


def _hash(guest: Guest, path: str, expected: bytes) -> float:
    """How long the guest takes to hash the file. Raises `InfrastructureError` if the hash is another."""
    began = time.perf_counter()
    (facts,) = guest.probe("file", path, timeout_s=HASH_DEADLINE_S)
    took_s = time.perf_counter() - began
    if facts["sha256"] != hashlib.sha256(expected).hexdigest():
        raise InfrastructureError(f"{path} arrived damaged: {facts}.")
    return took_s
