"""The root image: what a Wine machine has as its file system, built once from Debian's packages.

Independent of the host's own release and packages. Nothing is mounted, nothing of the image is run but its dynamic
loader, and no root is needed: packages are unpacked, not installed (see `packages`).
"""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from harness.file_lock import held
from harness.files import write_atomically
from harness.machines.debian_sources import debian_sources
from harness.machines.intent import IntentFile
from harness.machines.provider import Finding, Progress
from harness.machines.wine.clone import remove_tree
from harness.machines.wine.disk_room import ROOT_MB, require_room
from harness.machines.wine.image_recipe import RECIPE, root_recipe
from harness.machines.wine.installation import FONTS, WineInstallation
from harness.machines.wine.packages import Archive, program
from harness.machines.wine.processes import end_all
from harness.machines.wine.slimming import make_root
from harness.machines.wine.tree_digest import digest_of_tree, seal_of_tree
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError
from harness.state import StateDirectory

BUILD_DEADLINE_S = 1200.0
DIRECTORY = "wine-root"
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
    sources = (RECIPE, FONTS, Path(make_root.__code__.co_filename))
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
    program("apt-get", "apt")
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
    with held(home.with_suffix(".lock"), "builds the Wine image", Deadline.after(BUILD_DEADLINE_S), progress):
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
    sources = debian_sources(recipe.codename)
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
        archive = Archive(working, sources, recipe)
        progress("Wine image: asking the package archive")
        archive.update()
        progress("Wine image: fetching packages")
        packages = archive.fetch()
        progress(f"Wine image: unpacking {len(packages)} packages")
        archive.unpack(working / "packages")
        progress("Wine image: keeping what Wine needs")
        root = working / "root"
        root.mkdir()
        make_root(working / "packages", recipe, root, FONTS)
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
