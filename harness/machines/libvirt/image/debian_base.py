"""The base of wine-guest: a Debian tree with Wine and a finished prefix. Cached: it changes rarely."""

import os
import shlex
import shutil
from pathlib import Path

from harness.machines.debian_sources import debian_sources
from harness.machines.libvirt.host.programs import run
from harness.machines.libvirt.image.recipe import WineGuestRecipe, digest_of
from harness.machines.mirror import asked_again
from harness.machines.provider import Progress
from harness.model.errors import InfrastructureError

VERSION = "3"
BASE_IN_WORK = "base-building"
BUILD_DEADLINE_S = 1200.0
PREFIX = "var/lib/bvt/prefix"
NOT_INSTALLED = ("doc", "man", "locale", "info", "lintian", "bug", "fonts", "icons")
WINE_ENVIRONMENT = (
    f"HOME=/var/lib/bvt/home WINEPREFIX=/{PREFIX} WINELOADER=/usr/lib/wine/wine64 LANG=C.UTF-8 "
    "WINESERVER=/usr/lib/wine/wineserver64 WINEDEBUG=-all "
    "WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d'"
)


def base_digest(recipe: WineGuestRecipe) -> str:
    """What the base depends on. Package versions are the mirror's of the day; the manifest records them."""
    parts = (*recipe.packages, "/", *recipe.initrd_modules, WINE_ENVIRONMENT, *NOT_INSTALLED)
    return digest_of(VERSION, recipe.codename, *parts)


def base_name(recipe: WineGuestRecipe) -> str:
    """The base tree's directory, beside the images."""
    return f"base-{base_digest(recipe)[:16]}"


def ensure_base(recipe: WineGuestRecipe, home: Path, progress: Progress) -> Path:
    """The base tree, built if it is not there. Raises `InfrastructureError`."""
    base = home / base_name(recipe)
    if base.is_dir():
        return base
    if os.geteuid() != 0:
        raise InfrastructureError(
            "Building the image wine-guest needs root (the tree holds files of several users).",
            hint="Build it once as root with the same BVT_HOME, or import a built image.",
        )
    working, sources = home / BASE_IN_WORK, home / "debian.sources"
    sources.write_text(debian_sources(recipe.codename))
    progress("wine-guest: installing Debian with Wine into a tree (about 90 s, once)")
    asked_again(lambda: _install(recipe, working, sources))
    finish_prefix(working / PREFIX)
    working.rename(base)
    return base


def _install(recipe: WineGuestRecipe, tree: Path, sources: Path) -> None:
    """Debian, Wine and a prefix in a new tree; what an attempt before left there is removed."""
    shutil.rmtree(tree, ignore_errors=True)
    run(
        [
            "mmdebstrap",
            "--quiet",
            "--mode=root",
            "--variant=apt",
            "--format=directory",
            f"--include={','.join(recipe.packages)}",
            '--aptopt=APT::Install-Recommends "false"',
            '--aptopt=Acquire::Retries "3"',
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in NOT_INSTALLED),
            f"--essential-hook={_initrd_hook(recipe)}",
            f"--customize-hook={_prefix_hook()}",
            recipe.codename,
            tree,
            sources,
        ],
        what="The base of image wine-guest was not built",
        deadline_s=BUILD_DEADLINE_S,
    )


def _initrd_hook(recipe: WineGuestRecipe) -> str:
    """Before the kernel is installed: an initrd with only the modules that this machine's disk needs."""
    modules = shlex.quote("\n".join(recipe.initrd_modules) + "\n")
    return (
        'd="$1/etc/initramfs-tools"; mkdir -p "$d/conf.d"; '
        f'printf %s {modules} >"$d/modules"; '
        'printf "MODULES=list\\nCOMPRESS=gzip\\nFSTYPE=ext4\\n" >"$d/conf.d/bvt"'
    )


def _prefix_hook() -> str:
    """Make the Wine prefix with the guest's own Wine. Output to a file: Wine's processes hold pipes open."""
    inside = (
        f"export {WINE_ENVIRONMENT}; cd /var/lib/bvt/home && "
        "{ /usr/lib/wine/wine64 wineboot -i; /usr/lib/wine/wineserver64 -k; /usr/lib/wine/wineserver64 -w; } "
        ">/var/log/wineboot.log 2>&1 </dev/null; test -s /var/lib/bvt/prefix/system.reg"
    )
    return f'mkdir -p "$1/var/lib/bvt/home" && chroot "$1" sh -c {shlex.quote(inside)}'


def finish_prefix(prefix: Path) -> None:
    """Take out what no Windows has (drive Z:) and what costs time at every start (the update check)."""
    (prefix / "wineserver").unlink(missing_ok=True)
    (prefix / ".update-timestamp").write_text("disable\n")
    for link in (prefix / "dosdevices").iterdir():
        if link.name != "c:":
            link.unlink()
    (prefix / "dosdevices" / "d:").symlink_to("/media/bvt")
    for link in (prefix / "drive_c" / "users").rglob("*"):
        if link.is_symlink():
            link.unlink()
            link.mkdir()
