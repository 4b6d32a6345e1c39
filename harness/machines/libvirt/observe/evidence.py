"""What the outside can save of a machine, broken or not: screen, serial tail, definition, QEMU's log."""

import hashlib
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import libvirt

from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.limit import within
from harness.machines.libvirt.observe.hang import registers
from harness.machines.libvirt.observe.memory_dump import WHAT as MEMORY
from harness.machines.libvirt.observe.memory_dump import dump_memory
from harness.model.errors import HarnessError
from harness.model.report import Evidence
from harness.model.substrate import GuestSystem

SERIAL_TAIL_BYTES = 64 * 1024


def collect_evidence(
    host: Host,
    name: str,
    directory: Path,
    definition: str,
    into: Path,
    *,
    memory_of: GuestSystem | None = None,
) -> Sequence[Evidence]:
    """Save what there is; what cannot be had is left out, and `missing.txt` says why.

    `memory_of`: also dump the memory, of a guest of this kind.
    """
    sources: dict[str, tuple[str, Callable[[], bytes]]] = {
        "screenshot.png": ("the machine's screen", lambda: screenshot(host, name)),
        "serial.log": ("end of the serial console", lambda: tail(directory / "serial.log")),
        "domain.xml": ("the domain as libvirt runs it", lambda: live_definition(host, name, definition)),
        "processors.txt": ("where its processors are", lambda: processors(host, name)),
        "qemu.log": ("QEMU's command line and messages", lambda: tail(qemu_log(host, name))),
    }
    found, missing = [], []
    try:
        into.mkdir(parents=True, exist_ok=True)
        for file, (what, read) in sources.items():
            try:
                data = read()
            except (OSError, HarnessError, libvirt.libvirtError, ValueError) as error:
                missing.append(f"{file}: {error}")
                continue
            (into / file).write_bytes(data)
            found.append(_evidence(file, data, what))
        if memory_of is not None:
            try:
                found.append(dump_memory(host, name, memory_of, into))
            except (OSError, HarnessError, libvirt.libvirtError) as error:
                missing.append(f"{MEMORY}: {error}")
        if missing:
            text = "".join(f"{line}\n" for line in missing).encode()
            (into / "missing.txt").write_bytes(text)
            found.append(_evidence("missing.txt", text, "what could not be saved, and why"))
    except OSError:
        return found
    return found


def screenshot(host: Host, name: str) -> bytes:
    """The screen as PNG. Raises `libvirtError`, `DeadlineExceeded`, `ValueError` for a machine without one."""
    domain = host.domain(name)
    if domain is None:
        raise ValueError("the domain does not exist")
    return within(f"the picture of {name}'s screen", lambda: _screenshot(host, domain))


def _screenshot(host: Host, domain: libvirt.virDomain) -> bytes:
    stream = host.connection().newStream()
    kind = domain.screenshot(stream, 0)
    chunks: list[bytes] = []

    def keep(_stream: object, data: bytes, chunks: list[bytes]) -> int:
        chunks.append(data)
        return len(data)

    stream.recvAll(keep, chunks)
    stream.finish()
    data = b"".join(chunks)
    return data if kind == "image/png" else ppm_to_png(data)


def ppm_to_png(data: bytes) -> bytes:
    """A binary PPM (`P6`, netpbm) as PNG (RFC 2083). Raises `ValueError` for anything else."""
    fields: list[bytes] = []
    offset = 0
    while len(fields) < 4:
        end = offset
        while end < len(data) and not data[end : end + 1].isspace():
            end += 1
        if end == len(data):
            raise ValueError("the picture is cut short")
        if data[offset : offset + 1] == b"#":
            end = data.find(b"\n", offset)
            if end < 0:
                raise ValueError("the picture is cut short")
        elif end > offset:
            fields.append(data[offset:end])
        offset = end + 1
    if fields[0] != b"P6" or fields[3] != b"255":
        raise ValueError(f"a picture of type {fields[0]!r} is not a binary PPM")
    width, height = int(fields[1]), int(fields[2])
    pixels = data[offset : offset + 3 * width * height]
    if width < 1 or height < 1 or len(pixels) != 3 * width * height:
        raise ValueError("the picture is cut short")
    rows = b"".join(b"\0" + pixels[3 * width * row : 3 * width * (row + 1)] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def processors(host: Host, name: str) -> bytes:
    """The registers of each processor. Raises `libvirtError`, `InfrastructureError`, `ValueError` if it is gone."""
    domain = host.domain(name)
    if domain is None:
        raise ValueError("the domain does not exist")
    return registers(domain).encode()


def live_definition(host: Host, name: str, definition: str) -> bytes:
    """The running domain's XML, or the one that it was made from."""
    domain = host.domain(name)
    return (domain.XMLDesc(0) if domain is not None else definition).encode()


def qemu_log(host: Host, name: str) -> Path:
    """Where libvirt writes what QEMU says."""
    return host.log_directory / "qemu" / f"{name}.log"


def tail(path: Path) -> bytes:
    """The end of a file."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - SERIAL_TAIL_BYTES))
        return file.read()


def _evidence(name: str, data: bytes, what: str) -> Evidence:
    return Evidence(path=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), what=what)
