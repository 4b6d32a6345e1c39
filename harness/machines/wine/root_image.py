"""The root image: what a Wine machine has as its file system, built once from Debian's packages.

Independent of the host's own release and packages. Nothing is mounted, nothing of the image is run but its dynamic
loader, and no root is needed: packages are unpacked, not installed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from harness.files import write_atomically
from harness.machines.debian_sources import NAMED_BY, debian_sources
from harness.machines.intent import IntentFile
from harness.machines.provider import Finding, Progress
from harness.machines.wine.build_lock import build_lock
from harness.machines.wine.clone import remove_tree
from harness.machines.wine.disk_room import ROOT_MB, require_room
from harness.machines.wine.image_recipe import RECIPE, root_recipe
from harness.machines.wine.installation import FONTS, WineInstallation
from harness.machines.wine.processes import end_all
from harness.machines.wine.slimming import STRIP, make_root
from harness.machines.wine.tree_digest import digest_of_tree, seal_of_tree
from harness.model.errors import DeadlineExceeded, InfrastructureError, ToolMissing
from harness.state import StateDirectory

BUILD_DEADLINE_S = 1200.0
DIRECTORY = "wine-root"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class RootImage:
    """A finished root image on disk. `packages`: what it was made of, name to version."""

    directory: Path
    digest: str
    wine_version: str
    packages: dict[str, str]

    @property
    def root(self) -> Path:
        """What a machine sees as `/`. Read-only."""
        return self.directory / "root"

    def wine(self) -> WineInstallation:
        """The Wine in it."""
        recipe = root_recipe()
        return WineInstallation(recipe.loader, recipe.server, self.wine_version, self.root, self.digest)


def recipe_digest() -> str:
    """SHA-256 over everything of this harness that decides what the image holds."""
    sources = (RECIPE, FONTS, Path(make_root.__code__.co_filename), Path(__file__))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def root_directory(state: StateDirectory) -> Path:
    """Where this recipe's image is or would be."""
    return state.part("images", DIRECTORY) / recipe_digest()[:16]


def known_wine(state: StateDirectory) -> WineInstallation | None:
    """The Wine of this recipe's image, as its manifest says; None if there is none yet."""
    image = _read(root_directory(state))
    return image.wine() if image else None


def root_finding(state: StateDirectory) -> Finding:
    """For `bvt doctor`: the image that is there, or whether it could be built."""
    if image := _read(root_directory(state)):
        version = image.packages.get("libwine", "")
        detail = f"{image.wine_version} in root image {image.digest[:16]} (libwine {version})"
        return Finding(subject="Wine", ok=True, detail=detail)
    _program("mmdebstrap", "mmdebstrap")
    _program(STRIP, "binutils-mingw-w64-x86-64")
    debian_sources(root_recipe().codename)
    detail = f"its root image is built at first use, from Debian {root_recipe().codename} (about a minute)"
    return Finding(subject="Wine", ok=True, detail=detail)


def ensure_root(state: StateDirectory, progress: Progress) -> RootImage:
    """The root image, built now if there is none or if its seal is broken. Safe to call from many processes.

    Raises `InfrastructureError` if it cannot be built, `ToolMissing` without a program that building needs.
    """
    home = root_directory(state)
    if (image := _sealed(home)) is not None:
        return image
    with build_lock(home.with_suffix(".lock"), "the Wine image", BUILD_DEADLINE_S, progress):
        if (image := _sealed(home)) is not None:
            return image
        if home.exists():
            progress("The Wine image was changed after it was sealed; building it anew.")
            spoiled = home.with_name(f"{home.name}.spoiled-{time.time_ns()}")
            home.rename(spoiled)  # running machines keep what they have open
            remove_tree(spoiled)
        _build(state, home, progress)
        image = _sealed(home)
    if image is None:
        raise InfrastructureError(f"The Wine image in {home} does not match its own seal.")
    return image


def _sealed(home: Path) -> RootImage | None:
    """The image, if nothing has touched it."""
    try:
        manifest = json.loads((home / _MANIFEST).read_text())
        return _read(home) if seal_of_tree(home / "root") == manifest["seal"] else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _read(home: Path) -> RootImage | None:
    """The image as its manifest says."""
    try:
        manifest = json.loads((home / _MANIFEST).read_text())
        return RootImage(home, manifest["digest"], manifest["wine_version"], manifest["packages"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _build(state: StateDirectory, home: Path, progress: Progress) -> None:
    recipe = root_recipe()
    require_room(home.parent, ROOT_MB, "Building the Wine image")
    builder = _program("mmdebstrap", "mmdebstrap")
    strip = _program(STRIP, "binutils-mingw-w64-x86-64")
    began = time.monotonic()
    progress(
        "Building the Wine image (Debian's Wine, 64 and 32 bit); this happens once and takes about a minute."
    )
    intent = IntentFile.begin(state.intents, provider="wine", run_id="image")
    working = home.parent / intent.intent.machine_id
    # Whoever cleans up finds the builder's processes by this name.
    intent.add(directory=str(working), prefix=str(working))
    try:
        working.mkdir(mode=0o700)
        sources = working / "debian.sources"
        sources.write_text(debian_sources(recipe.codename))
        packages = _unpack(builder, working, sources, progress)
        progress("Wine image: keeping what Wine needs")
        root = working / "root"
        root.mkdir()
        make_root(working / "packages", recipe, root, FONTS, strip)
        digest = digest_of_tree(root)
        manifest = {
            "digest": digest,
            "seal": seal_of_tree(root),
            "wine_version": f"wine-{packages['libwine'].partition('~')[0].partition('-')[0]}",
            "recipe": recipe_digest(),
            "packages": packages,
        }
        image = working / "image"
        image.mkdir()
        root.rename(image / "root")
        write_atomically(image / _MANIFEST, json.dumps(manifest, indent=1))
        image.rename(home)
        progress(f"Wine image: built in {time.monotonic() - began:.0f} s, digest {digest[:16]}")
    except OSError as error:
        raise InfrastructureError(f"The Wine image was not built: {error}.") from error
    finally:
        end_all(working, within_s=10)
        remove_tree(working)
        intent.done()


def _unpack(builder: str, working: Path, sources: Path, progress: Progress) -> dict[str, str]:
    """Have the packages fetched, their signatures checked, and unpacked; what they are, name to version."""
    recipe = root_recipe()
    tree = working / "packages"
    temporary = working / "tmp"
    temporary.mkdir()
    argv = [
        builder,
        "--mode=chrootless",
        "--variant=extract",
        "--format=directory",
        f"--architectures={','.join(recipe.architectures)}",
        f"--include={','.join(recipe.packages)}",
        "--skip=cleanup/apt/cache",  # the archives' names say which versions these are
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Retries "3"',
        recipe.codename,
        str(tree),
        str(sources),
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")},
        "PATH": SYSTEM_PATH,
        "HOME": str(working),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "WINEPREFIX": str(working),
    }
    said: list[str] = []
    with subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        # Its children hold the pipe, too.
        watchdog = threading.Timer(BUILD_DEADLINE_S, lambda: end_all(working, within_s=10))
        watchdog.start()
        try:
            for line in process.stderr:
                said.append(line.strip())
                if step := _STEPS.get(line.strip()):
                    progress(f"Wine image: {step}")
        finally:
            late = not watchdog.is_alive()
            watchdog.cancel()
    if late:
        raise DeadlineExceeded("the Wine image's build", BUILD_DEADLINE_S)
    if process.returncode != 0:
        raise _failure(said)
    return versions(path.name for path in (tree / "var" / "cache" / "apt" / "archives").glob("*.deb"))


_STEPS = {
    "I: running apt-get update...": "asking the package archive",
    "I: downloading packages with apt...": "downloading packages",
    "I: extracting archives...": "unpacking packages",
}


def versions(archives: Iterable[str]) -> dict[str, str]:
    """Package names with versions, from the names of apt's archives (`name_version_architecture.deb`, URL-quoted).

    A package of two architectures has the same version in both, or apt would not have taken them together.
    """
    parts = (name.removesuffix(".deb").split("_") for name in archives)
    return {words[0]: unquote(words[1]) for words in sorted(parts) if len(words) == 3}


def _failure(said: Sequence[str]) -> InfrastructureError:
    """What the builder said, as one sentence and what to do about it."""
    text = "\n".join(said)
    errors = [line.partition(" ")[2] for line in said if line.startswith(("E: ", "W: ", "Err:"))]
    cause = errors[0] if errors else (said[-1] if said else "it said nothing")
    hint = f"See what apt says: apt-get update. Another archive can be named in {NAMED_BY}."
    if "NO_PUBKEY" in text or "not signed" in text or "EXPKEYSIG" in text:
        hint = "Its signing key is not known here: apt-get install --only-upgrade debian-archive-keyring."
    elif "No space left" in text:
        hint = "Free some space (see: bvt clean), or set BVT_HOME to a larger disk."
    return InfrastructureError(f"The Wine image was not built; mmdebstrap says: {cause}.", hint=hint)


def _program(name: str, package: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        raise ToolMissing(name, package=package, needed_for="the Wine image")
    return found
