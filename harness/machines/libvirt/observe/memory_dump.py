"""The memory of a guest that crashed or hangs, in a file that a debugger opens.

The hypervisor stops a guest that crashes before Windows writes its own MEMORY.DMP, so it is taken from outside. It holds
everything that the guest knew, its throw-away password too.

Windows' own format needs a driver in the guest (fwcfg) that tells QEMU where the kernel's structures are. Without it
they would have to be searched for with Microsoft's symbols for just that kernel. `elf2dmp`, a program of QEMU's, does
so where there is a way to Microsoft: what is left then is an ELF core, and it is said how to convert it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import libvirt

from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.limit import within
from harness.machines.libvirt.image.seal import digest_file
from harness.machines.libvirt.observe.dump_header import ELF_MAGIC, read_windows_dump
from harness.model.errors import DeadlineExceeded, InfrastructureError, MachineLost
from harness.model.report import Evidence
from harness.model.substrate import GuestSystem

WHAT = "memory"
"""What `missing.txt` calls it."""
DUMP_S = 1800.0
"""Enough for 64 GiB on a slow disk."""
SPARE_BYTES = 256 * 1024**2
"""Left to the host's disk."""
CONVERT = "`elf2dmp memory.elf memory.dmp` makes one of it (a program of QEMU's; Fedora has it in qemu-tools)"


@dataclass(frozen=True)
class Format:
    """A format that QEMU writes: libvirt's number, the file's name, what it is for."""

    number: int
    file: str
    what: str


COMPRESSED = Format(
    libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB, "memory.dump", "compressed kdump, for crash(8)"
)
ELF = Format(libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_RAW, "memory.elf", "ELF core")
WINDOWS = Format(libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_WIN_DMP, "memory.dmp", "Windows crash dump, for WinDbg")
FORMATS = {
    GuestSystem.WINDOWS: (WINDOWS, ELF),  # what reads a kdump knows no Windows
    GuestSystem.WINE: (COMPRESSED, ELF),
}


def dump_memory(host: Host, name: str, system: GuestSystem, into: Path) -> Evidence:
    """Write the guest's memory into the folder `into`, in the best format that QEMU can make of it.

    The daemon writes the file, so it must be able to write there; seconds per GiB. Raises `MachineLost` if
    there is no such domain, `InfrastructureError` if the disk has no room for it or what was written is no such
    file, `DeadlineExceeded`, the last format's `libvirtError`, or `OSError`.
    """
    domain = host.domain(name)
    if domain is None:
        raise MachineLost(f"The domain {name} no longer exists on {host.uri}.")
    _require_room(domain, into)
    refused = ""
    *better, last = FORMATS[system]
    for form in better:
        try:
            return _dumped(domain, into, form)
        except (libvirt.libvirtError, InfrastructureError) as error:
            if isinstance(error, DeadlineExceeded):
                raise
            refused = f"no {form.what}: {_sentence(error)}"
    kept = _dumped(domain, into, last)
    if system is GuestSystem.WINDOWS:
        return kept.model_copy(update={"what": f"{kept.what}; {refused}; {CONVERT}"})
    return kept


def _dumped(domain: libvirt.virDomain, into: Path, form: Format) -> Evidence:
    path = into.resolve() / form.file
    try:
        within(
            f"the dump of {domain.name()}'s memory",
            lambda: domain.coreDumpWithFormat(str(path), form.number, libvirt.VIR_DUMP_MEMORY_ONLY),
            DUMP_S,
        )
        told = _told(path, form)
    except (libvirt.libvirtError, InfrastructureError):
        path.unlink(missing_ok=True)  # what is still written after its deadline goes with the domain
        raise
    path.chmod(0o600)
    seal = digest_file(path)
    what = f"the guest's memory ({form.what}){told}"
    return Evidence(path=form.file, sha256=seal.sha256, size=seal.size, what=what)


def _told(path: Path, form: Format) -> str:
    """What the file's header says of the crash. Raises `InfrastructureError` if it is not of that format."""
    if form is WINDOWS:
        return f": {read_windows_dump(path)}"
    if form is ELF:
        with path.open("rb") as file:
            if file.read(len(ELF_MAGIC)) != ELF_MAGIC:
                raise InfrastructureError(f"What QEMU wrote to {path.name} is no ELF file.")
    return ""


def _require_room(domain: libvirt.virDomain, into: Path) -> None:
    """Raise `InfrastructureError` where a dump as large as the guest's memory would fill the host's disk."""
    needed = domain.maxMemory() * 1024 + SPARE_BYTES
    free = shutil.disk_usage(into).free
    if free < needed:
        raise InfrastructureError(f"A dump needs {needed // 1024**2} MB, and {free // 1024**2} MB are free.")


def _sentence(error: Exception) -> str:
    return str(error).strip().rstrip(".").removeprefix("internal error: ")
