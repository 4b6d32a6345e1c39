"""Fetches Debian's packages and unpacks them, as whoever calls: nothing is installed, nothing needs root.

apt fetches them, with this machine's own configuration (proxies, certificates, ways to the archive), and checks their
signatures against the keys that this machine trusts. What it knows and keeps of it lies in a directory of its own.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO
from urllib.parse import unquote

from harness.machines.debian_sources import NAMED_BY
from harness.machines.mirror import asked_again
from harness.machines.wine.image_recipe import RootRecipe
from harness.machines.wine.processes import end_all
from harness.model.errors import DeadlineExceeded, InfrastructureError, ToolMissing

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEADLINE_S = 1200.0
NOT_NEEDED = ("Contents-deb", "Contents-udeb", "DEP-11", "DEP-11-icons-small", "DEP-11-icons", "CNF")
"""Lists that other programs of the machine have apt fetch: apt-file, software centres, command-not-found."""
NOT_UNPACKED = (
    "usr/share/doc",
    "usr/share/icons",
    "usr/share/iso-codes",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/mime",
    "usr/share/perl5",
    "usr/share/X11",
)
"""What no image keeps, and what takes long to write."""


class Archive:
    """Debian's archive as this machine reaches it. All that it writes is below `working`."""

    def __init__(self, working: Path, sources: str, recipe: RootRecipe) -> None:
        self.working, self._recipe = working, recipe
        self._apt = program("apt-get", "apt")
        self._dpkg_deb = program("dpkg-deb", "dpkg")
        self._debs = working / "archives"
        (self._debs / "partial").mkdir(parents=True)
        (working / "lists" / "partial").mkdir(parents=True)
        (working / "tmp").mkdir()
        (working / "status").touch()
        listed = working / "debian.sources"
        listed.write_text(sources)
        self._configuration = working / "apt.conf"
        self._configuration.write_text(_configuration(working, listed, recipe.architectures))

    def update(self) -> None:
        """Ask the archive what there is, again while a mirror is being changed. Raises `InfrastructureError`."""
        asked_again(lambda: self._run([self._apt, "-q", "-c", self._configuration, "update"]))

    def fetch(self) -> dict[str, str]:
        """Fetch the recipe's packages with all that they need; names to versions. Raises `InfrastructureError`."""
        fetch = ["install", "-y", "--download-only", "--no-install-recommends", *self._recipe.packages]
        self._run([self._apt, "-q", "-c", self._configuration, *fetch])
        found = versions(path.name for path in self._debs.glob("*.deb"))
        if not found:
            raise InfrastructureError("apt-get fetched no packages for the Wine image, and did not say why.")
        return found

    def unpack(self, tree: Path) -> None:
        """Unpack what was fetched, several packages at a time, and remove the archives. Raises `InfrastructureError`."""
        tree.mkdir()
        archives = sorted(self._debs.glob("*.deb"), key=lambda path: -path.stat().st_size)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for _ in pool.map(lambda archive: self._unpack(archive, tree), archives):
                pass

    def _unpack(self, archive: Path, tree: Path) -> None:
        excluded = [f"--exclude=./{name}" for name in NOT_UNPACKED]
        with subprocess.Popen(
            [self._dpkg_deb, "--fsys-tarfile", archive],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment(),
        ) as reader:
            argv: list[str | Path] = ["tar", "-x", "-C", tree, "--no-same-owner", *excluded]
            self._run(argv, stdin=reader.stdout)
        if reader.returncode != 0:
            raise InfrastructureError(
                f"{archive.name} cannot be unpacked (dpkg-deb ended with {reader.returncode})."
            )
        archive.unlink()

    def _run(self, argv: Sequence[str | Path], stdin: IO[bytes] | int | None = subprocess.DEVNULL) -> None:
        """Run a program to its end. Raises `InfrastructureError` with what it said."""
        process = subprocess.Popen(
            argv,
            env=self._environment(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            said, _ = process.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            end_all(self.working, within_s=10)
            raise DeadlineExceeded(f"the end of {argv[0]}", DEADLINE_S) from None
        if process.returncode != 0:
            raise failure(Path(argv[0]).name, said.splitlines())

    def _environment(self) -> Mapping[str, str]:
        passed = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        return passed | {
            "PATH": SYSTEM_PATH,
            "HOME": str(self.working),
            "TMPDIR": str(self.working / "tmp"),
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            "WINEPREFIX": str(self.working),  # how whoever cleans up finds every process
        }


def _configuration(working: Path, sources: Path, architectures: Sequence[str]) -> str:
    """Read after the machine's own configuration, of which it takes back what is about the machine's own packages."""
    listed = " ".join(f'"{name}";' for name in architectures)
    unwanted = "\n".join(
        f'Acquire::IndexTargets::deb::{name}::DefaultEnabled "false";' for name in NOT_NEEDED
    )
    return f"""\
#clear APT::Architectures;
#clear APT::Update;
#clear DPkg;
APT::Architecture "{architectures[0]}";
APT::Architectures {{ {listed} }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::Cache "{working}";
Dir::Cache::archives "{working}/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "{sources}";
Dir::Etc::sourceparts "/dev/null";
Dir::Log "{working}";
Dir::State "{working}";
Dir::State::lists "{working}/lists";
Dir::State::status "{working}/status";
{unwanted}
"""


def versions(archives: Iterable[str]) -> dict[str, str]:
    """Package names with versions, from the names of apt's archives (`name_version_architecture.deb`, URL-quoted).

    A package of two architectures has the same version in both, or apt would not have taken them together.
    """
    parts = (name.removesuffix(".deb").split("_") for name in archives)
    return {words[0]: unquote(words[1]) for words in sorted(parts) if len(words) == 3}


def failure(program: str, said: Sequence[str]) -> InfrastructureError:
    """Why the image was not built, as one sentence and what to do about it."""
    text = "\n".join(said)
    errors = [line.partition(" ")[2] for line in said if line.startswith("E: ")]
    cause = (errors or list(said)[-1:] or ["it said nothing"])[0].strip().rstrip(".")
    hint = f"See what apt says: apt-get update. Another archive can be named in {NAMED_BY}."
    if any(word in text for word in ("NO_PUBKEY", "not signed", "EXPKEYSIG", "Missing key")):
        hint = "Its signing key is not known here: apt-get install debian-archive-keyring, in its newest version."
    elif "No space left" in text or "enough free space" in text:
        hint = "Free some space (see: bvt clean), or set BVT_HOME to a larger disk."
    return InfrastructureError(f"The Wine image was not built; {program} says: {cause}.", hint=hint)


def program(name: str, package: str) -> str:
    """The absolute path of a program that building needs. Raises `ToolMissing`."""
    found = shutil.which(name) or shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        raise ToolMissing(name, package=package, needed_for="the Wine image")
    return found
