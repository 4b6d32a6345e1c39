"""The memory of a guest that crashed or hangs, in a file that a debugger opens.

It holds everything that the guest knew, its throw-away password too, so it is made only on request.
"""

from pathlib import Path

import libvirt

from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.limit import within
from harness.machines.libvirt.image.seal import digest_file
from harness.model.errors import DeadlineExceeded, MachineLost
from harness.model.report import Evidence
from harness.model.substrate import GuestSystem

FILE = "memory.dump"
DUMP_S = 1800.0
"""Enough for 64 GiB on a slow disk."""
COMPRESSED = (libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB, "compressed kdump, for crash(8)")
ELF = (libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_RAW, "ELF core")
# Windows' own format needs a driver in the guest that tells QEMU where the kernel is; without it QEMU refuses.
WINDOWS = (libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_WIN_DMP, "Windows crash dump, for WinDbg")


def dump_memory(host: Host, name: str, system: GuestSystem, into: Path) -> Evidence:
    """Write the guest's memory to `into`, in the best format that QEMU can make of it.

    The daemon writes the file, so it must be able to write there; seconds per GiB. Raises `MachineLost` if
    there is no such domain, `DeadlineExceeded`, the last format's `libvirtError`, or `OSError`.
    """
    domain = host.domain(name)
    if domain is None:
        raise MachineLost(f"The domain {name} no longer exists on {host.uri}.")
    formats = [COMPRESSED, ELF] if system is GuestSystem.WINE else [WINDOWS, COMPRESSED, ELF]
    path = into.resolve() / FILE
    while True:
        number, what = formats.pop(0)
        try:
            _dump(domain, path, number)
        except libvirt.libvirtError:
            path.unlink(missing_ok=True)
            if not formats:
                raise
            continue
        path.chmod(0o600)
        seal = digest_file(path)
        return Evidence(path=FILE, sha256=seal.sha256, size=seal.size, what=f"the guest's memory ({what})")


def _dump(domain: libvirt.virDomain, path: Path, number: int) -> None:
    try:
        within(
            f"the dump of {domain.name()}'s memory",
            lambda: domain.coreDumpWithFormat(str(path), number, libvirt.VIR_DUMP_MEMORY_ONLY),
            DUMP_S,
        )
    except DeadlineExceeded:
        path.unlink(missing_ok=True)  # what is still written goes with the domain
        raise
