"""The programs that the lab needs, found or named with their package."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness.model.errors import InfrastructureError, ProgramFailed, ToolMissing

PACKAGES = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "libvirtd": "libvirt-daemon",
    "virt-xml-validate": "libvirt-clients",
    "socat": "socat",
    "xorriso": "xorriso",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64",
}
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program(name: str, package: str = "") -> str:
    """The absolute path of a program. Raises `ToolMissing` naming the Debian package that has it."""
    found = shutil.which(name) or shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        raise ToolMissing(name, package=package or PACKAGES.get(name, ""), needed_for="pool lab")
    return found


def run(command: Sequence[str | Path], *, what: str, deadline_s: float, cwd: Path | None = None) -> str:
    """Run a program to its end; its standard output. Raises `InfrastructureError` with what it said."""
    argv = [program(str(command[0])), *(str(part) for part in command[1:])]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=deadline_s,
            check=False,
            text=True,
            errors="replace",
            cwd=cwd,
        )
    except subprocess.TimeoutExpired:
        raise InfrastructureError(f"{what}: {argv[0]} did not end within {deadline_s:g} s.") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        end = "\n".join(said.splitlines()[-5:])
        raise ProgramFailed(f"{what}: {argv[0]} ended with {done.returncode}: {end}", said)
    return done.stdout
