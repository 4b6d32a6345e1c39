"""Builds image wine-guest: base tree, the project's files on top, an ext4 disk made without mounting."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from harness.machines.libvirt.host.programs import run
from harness.machines.libvirt.image.debian_base import BUILD_DEADLINE_S, PREFIX, base_digest, ensure_base
from harness.machines.libvirt.image.manifest import Firmware, Hardware, ImageManifest, WinRMEndpoint
from harness.machines.libvirt.image.recipe import (
    WineGuestRecipe,
    digest_of,
    load_wine_guest,
    recipe_directory,
)
from harness.machines.libvirt.image.seal import digest_files
from harness.machines.libvirt.image.store import ImageStore, StoredImage
from harness.machines.provider import Progress
from harness.machines.wine_prefix.debugger import CRASH_PROGRAM, CRASH_SOURCE, DEBUGGER
from harness.machines.wine_prefix.identity import WINEBOOT_IS_OURS, WINEBOOT_PROGRAM, patience_of_services
from harness.machines.wine_prefix.registry_text import RegistryEdit, edit
from harness.model.errors import InfrastructureError
from harness.model.substrate import GuestSystem, Substrate, slowness
from harness.probe.build import probe_exe
from harness.state import StateDirectory

NAME = "wine-guest"
USERNAME = "bvt"
WINRM_PORT = 5986
COMPILER = "x86_64-w64-mingw32-gcc"
HARNESS = Path(__file__).resolve().parents[3]
POWER_SOURCE = HARNESS / "machines" / "wine_prefix" / "power.c"
SESSION_SOURCE = HARNESS / "machines" / "wine_prefix" / "session.c"
SESSION = HARNESS / "machines" / "wine_prefix" / "session.py"
SYSTEM32 = f"{PREFIX}/drive_c/windows/system32"
OWN_PROGRAMS = "usr/lib/bvt/own-programs"
WINRMD = HARNESS / "winrmd"
PROBE = HARNESS / "probe"
CERTIFICATE = HARNESS / "machines" / "certificate.py"
LETTER = HARNESS / "machines" / "libvirt" / "clone" / "letter.py"


def recipe_digest(recipe: WineGuestRecipe, directory: Path) -> str:
    """Everything that decides what the image holds."""
    own = (directory / "recipe.yaml", directory / "rootfs", directory / "identity.c", Path(__file__))
    sources = (*own, POWER_SOURCE, CRASH_SOURCE, SESSION_SOURCE, SESSION, WINRMD, PROBE, CERTIFICATE, LETTER)
    return digest_of(base_digest(recipe), version("pyspnego"), files=sources)


def ensure_wine_guest(store: ImageStore, progress: Progress) -> StoredImage:
    """The stored image of today's recipe, built if there is none. Safe to call concurrently.

    Raises `InfrastructureError` if it cannot be built, `ToolMissing` without a needed program.
    """
    directory = recipe_directory(NAME)
    recipe = load_wine_guest(directory)
    digest = recipe_digest(recipe, directory)
    if found := store.find(NAME, digest):
        return found
    with store.locked(NAME, 2 * BUILD_DEADLINE_S, progress):
        return store.find(NAME, digest) or _build(store, recipe, directory, digest, progress)


def _build(
    store: ImageStore, recipe: WineGuestRecipe, directory: Path, digest: str, progress: Progress
) -> StoredImage:
    base = ensure_base(recipe, store.root / NAME, progress)
    working = store.working_directory(NAME)
    tree = working / "tree"
    progress("wine-guest: adding the project's files")
    run(["cp", "-al", base, tree], what="Copying the base tree failed", deadline_s=300)
    for target, content, mode in _layer(directory, store.state):
        _place(tree, target, content, mode)
    _lay_in_session_0(tree)
    # It may run on an emulated processor.
    _edit(tree, "system.reg", patience_of_services(slowness(Substrate.TCG)), *DEBUGGER)
    _place(tree, OWN_PROGRAMS, _programs_of_wine(tree), 0o644)
    _link_units(tree, recipe)
    facts = _facts(tree)
    kernel = facts["kernel"]
    for name in ("vmlinuz", "initrd.img"):
        shutil.copyfile(tree / "boot" / f"{name}-{kernel}", working / name)
    progress("wine-guest: making the disk")
    raw, size = working / "disk.raw", f"{recipe.disk_mb}M"
    run(
        ["mke2fs", "-q", "-t", "ext4", "-d", tree, "-m", "0", "-E", "lazy_itable_init=1", raw, size],
        what="The disk of image wine-guest was not made",
        deadline_s=300,
    )
    run(
        ["qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", "-W", raw, working / "disk.qcow2"],
        what="The disk of image wine-guest was not converted",
        deadline_s=300,
    )
    raw.unlink()
    shutil.rmtree(tree)
    image = store.admit(
        working,
        ImageManifest(
            name=NAME,
            guest_system=GuestSystem.WINE,
            recipe_digest=digest,
            built=datetime.now(UTC),
            files=digest_files(working, ("disk.qcow2", "vmlinuz", "initrd.img")),
            hardware=Hardware(firmware=Firmware.KERNEL, kernel_arguments=recipe.kernel_arguments.strip()),
            # Basic under TLS: NTLM's two more round trips and its cryptography in Python take long under emulation.
            winrm=WinRMEndpoint(port=WINRM_PORT, username=USERNAME, tls=True, auth="basic"),
            facts=facts,
            changes=recipe.changes,
        ),
    )
    progress(f"wine-guest: built, digest {image.manifest.digest[:16]}")
    return image


def _layer(directory: Path, state: StateDirectory) -> Iterator[tuple[str, bytes, int]]:
    """The project's own files: path in the guest, content, mode."""
    rootfs = directory / "rootfs"
    for path in sorted(rootfs.rglob("*")):
        if path.is_file():
            mode = 0o755 if os.access(path, os.X_OK) else 0o644
            yield str(path.relative_to(rootfs)), path.read_bytes(), mode
    for package, root in (("winrmd", WINRMD), ("spnego", _installed("spnego"))):
        for path in sorted(root.rglob("*.py")):
            yield f"usr/lib/bvt/{package}/{path.relative_to(root)}", path.read_bytes(), 0o644
    yield "usr/lib/bvt/bvt-probe.exe", probe_exe(state).read_bytes(), 0o755
    yield "usr/lib/bvt/certificate.py", CERTIFICATE.read_bytes(), 0o644
    yield "usr/lib/bvt/letter.py", LETTER.read_bytes(), 0o644
    yield "usr/lib/bvt/identity.exe", _compile(directory / "identity.c"), 0o755
    yield "usr/lib/bvt/session.py", SESSION.read_bytes(), 0o644
    yield f"{PREFIX}/drive_c/windows/{CRASH_PROGRAM}", _compile(CRASH_SOURCE, "-municode"), 0o755
    yield f"{SYSTEM32}/shutdown.exe", _compile(POWER_SOURCE, "-municode"), 0o755
    yield "etc/hosts", b"127.0.0.1 localhost\n", 0o644
    yield "etc/fstab", b"/dev/vda / ext4 noatime 0 1\n", 0o644
    yield "etc/hostname", b"bvt-guest\n", 0o644
    yield "etc/machine-id", b"", 0o444
    yield "etc/systemd/system/serial-getty@ttyS0.service.d/bvt.conf", _AUTOLOGIN, 0o644


_AUTOLOGIN = b"""\
# The serial console is reachable only from the host, and the machine is thrown away.
[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --noclear --keep-baud 115200 %I $TERM
"""


def _lay_in_session_0(tree: Path) -> None:
    """Let session.c boot Wine, as on Wine machines; the script `power` answers it."""
    _place(tree, f"{PREFIX}/{WINEBOOT_PROGRAM}", (tree / SYSTEM32 / "wineboot.exe").read_bytes(), 0o755)
    _place(tree, f"{SYSTEM32}/wineboot.exe", _compile(SESSION_SOURCE, "-municode"), 0o755)
    _edit(tree, "user.reg", WINEBOOT_IS_OURS)


def _edit(tree: Path, file: str, *changes: RegistryEdit) -> None:
    registry = (tree / PREFIX / file).read_bytes()
    _place(tree, f"{PREFIX}/{file}", edit(registry, changes), 0o644)


def _programs_of_wine(tree: Path) -> bytes:
    """The files of Windows as the image has them, as the script `power` looks for them: a crash of one is the lab's."""
    drive = tree / PREFIX / "drive_c"
    found = (path.relative_to(drive) for path in (drive / "windows").rglob("*") if path.is_file())
    return "".join(f"c:/{path}\n" for path in sorted(str(path).lower() for path in found)).encode()


def _place(tree: Path, target: str, content: bytes, mode: int) -> None:
    """Write a new file; never through an existing one, which is linked to the base tree."""
    path = tree / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def _link_units(tree: Path, recipe: WineGuestRecipe) -> None:
    system = tree / "etc" / "systemd" / "system"
    wants = system / "multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    for unit in system.glob("bvt-*.service"):
        if "@" in unit.name:  # begun by others
            continue
        _link(wants / unit.name, f"/etc/systemd/system/{unit.name}")
    for unit_name in ("systemd-networkd.service", "qemu-guest-agent.service"):
        _link(wants / unit_name, f"/lib/systemd/system/{unit_name}")
    for unit_name in recipe.masked_units:
        _link(system / unit_name, "/dev/null")
    (tree / "media" / "bvt").mkdir(parents=True, exist_ok=True)
    for fifo in ("power", "session"):
        os.mkfifo(tree / PREFIX / fifo, 0o600)


def _link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _facts(tree: Path) -> dict[str, str]:
    kernels = sorted(path.name.removeprefix("vmlinuz-") for path in (tree / "boot").glob("vmlinuz-*"))
    if not kernels:
        raise InfrastructureError(
            "The guest tree has no kernel in /boot.", hint="Check the recipe's packages."
        )
    query = ["dpkg-query", f"--admindir={tree}/var/lib/dpkg", "-W", "-f=${Package} ${Version}\n"]
    packages = run(query, what="The guest's packages cannot be listed", deadline_s=60)
    versions = dict(line.split(" ", 1) for line in packages.splitlines())
    return {
        "kernel": kernels[-1],
        "wine": versions["wine64"],
        "python": versions["python3"],
        "pyspnego": version("pyspnego"),
        "packages_sha256": digest_of(packages),
    }


def _installed(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise InfrastructureError(f"Python package {package} is not installed.", hint="Run ./dev setup.")
    return Path(spec.origin).parent


def _compile(source: Path, *flags: str) -> bytes:
    """A Windows program."""
    with tempfile.TemporaryDirectory(prefix="bvt-cc-") as directory:
        built = Path(directory, "built.exe")
        run(
            [COMPILER, *flags, "-O2", "-s", "-Wall", "-Wl,--no-insert-timestamp", "-o", built, source],
            what=f"{source.name} does not compile",
            deadline_s=120,
        )
        return built.read_bytes()
