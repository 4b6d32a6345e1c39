"""The sealed prefix that every Wine machine is cloned from: built once per Wine version and recipe."""

import hashlib
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness.file_lock import held
from harness.machines import wine_prefix
from harness.machines.intent import IntentFile
from harness.machines.provider import ImageInfo, Progress
from harness.machines.wine import compiler
from harness.machines.wine.clone import remove_tree
from harness.machines.wine.compiler import compile_for_guest
from harness.machines.wine.disk_room import TEMPLATE_MB, require_room
from harness.machines.wine.inside import Job
from harness.machines.wine.installation import FONTS, WineInstallation
from harness.machines.wine.order import BOOT_PROGRAM
from harness.machines.wine.processes import end_all
from harness.machines.wine.tree_digest import digest_of_tree, seal_of_tree
from harness.machines.wine_prefix.debugger import CRASH_PROGRAM, CRASH_SOURCE, DEBUGGER
from harness.machines.wine_prefix.identity import WINEBOOT_PROGRAM, media_edit, patience_of_services
from harness.machines.wine_prefix.registry_text import DeleteValue, RegistryEdit, SetValue, edit
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from harness.model.substrate import GuestSystem
from harness.state import StateDirectory

IMAGE_NAME = "wine"
MEDIA_DRIVE = "d:"
BUILD_DEADLINE_S = 300.0
_REGISTRY: tuple[RegistryEdit, ...] = (
    # Wine's own entry for the menus of a Linux desktop; no Windows has it, and every boot waits for it.
    DeleteValue("Software\\Microsoft\\Windows\\CurrentVersion\\RunServices", "winemenubuilder"),
    # Started on demand, as on Windows 8 and later. At boot Wine's would show the guest the host's USB and input
    # devices, which are none of its own and differ from host to host; and it takes a fifth of the boot.
    SetValue("System\\CurrentControlSet\\Services\\PlugPlay", "Start", 3),
    *DEBUGGER,
    patience_of_services(),
    media_edit(MEDIA_DRIVE),
)
"""What every machine's HKEY_LOCAL_MACHINE has otherwise than wineboot leaves it."""
_USERS: tuple[RegistryEdit, ...] = (SetValue("Software\\Wine\\Drivers", "Graphics", "null"),)
"""The same of HKEY_CURRENT_USER, where Wine is the root image's: without a display Wine lets no window be made.

Inno Setup and others make theirs though they show none. Where there are no fonts, as in wine-guest and in a Wine of
the host's, each console would crash by it.
"""
_MUST_BE_THERE = ("system.reg", "user.reg", "drive_c/windows/system32/kernel32.dll")
_POWER_SOURCE = Path(wine_prefix.__file__).with_name("power.c")
_BOOT_SOURCE = Path(__file__).with_name("boot.c")
_SESSION_SOURCE = Path(wine_prefix.__file__).with_name("session.c")


@dataclass(frozen=True)
class Template:
    """A finished template on disk."""

    prefix: Path
    digest: str
    wine_version: str
    origin: str
    """What its Wine is from: a root image, or the host."""

    def info(self) -> ImageInfo:
        """The template as an image."""
        return ImageInfo(
            name=IMAGE_NAME,
            digest=self.digest,
            guest_system=GuestSystem.WINE,
            detail=f"{self.wine_version}, {self.origin}",
        )


def recipe_digest(wine: WineInstallation) -> str:
    """SHA-256 over everything that decides what the template holds, the code that makes it included."""
    sources = (
        _POWER_SOURCE.read_text(),
        _BOOT_SOURCE.read_text(),
        _SESSION_SOURCE.read_text(),
        CRASH_SOURCE.read_text(),
        FONTS.read_text(),
        Path(__file__).read_text(),
        Path(compiler.__file__).read_text(),
        repr(_REGISTRY),
        repr(_USERS),
    )
    parts = (wine.version, str(wine.loader), wine.digest, *sources)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def image_digest(wine: WineInstallation, prefix: Path) -> str:
    """What plans and results name. With a root image: its digest and what is done to it, so two hosts agree.

    What Wine itself puts into a new prefix (times, random identifiers) follows from these and is no part of it.
    """
    if wine.root is None:
        return digest_of_tree(prefix)
    return hashlib.sha256(f"{wine.digest}\0{recipe_digest(wine)}".encode()).hexdigest()


def template_directory(state: StateDirectory, wine: WineInstallation) -> Path:
    """Where this Wine's template is or would be."""
    return state.part("images", "wine") / f"{wine.version}-{recipe_digest(wine)[:16]}"


def ensure_template(state: StateDirectory, wine: WineInstallation, progress: Progress) -> Template:
    """The template, built now if there is none or if its seal is broken. Safe to call from many processes.

    Raises `InfrastructureError` if it cannot be built, `ToolMissing` without the cross-compiler.
    """
    home = template_directory(state, wine)
    if (template := _sealed(home)) is not None:
        return template
    with held(
        home.with_suffix(".lock"), "builds the Wine template", Deadline.after(BUILD_DEADLINE_S), progress
    ):
        if (template := _sealed(home)) is not None:
            return template
        if home.exists():
            progress("The Wine template was changed after it was sealed; building it anew.")
            spoiled = home.with_name(f"{home.name}.spoiled-{time.time_ns()}")
            home.rename(spoiled)  # running machines keep what they have open
            remove_tree(spoiled)
        require_room(home.parent, TEMPLATE_MB, "The Wine template")
        progress(f"Building the Wine template ({wine.version}); this happens once and takes about 15 s.")
        _build(state, wine, home)
        template = _sealed(home)
    if template is None:
        raise InfrastructureError(f"The Wine template in {home} does not match its own seal.")
    return template


def _sealed(home: Path) -> Template | None:
    try:
        manifest = json.loads((home / "manifest.json").read_text())
        if seal_of_tree(home / "prefix") != manifest["seal"]:
            return None
        return Template(home / "prefix", manifest["digest"], manifest["wine_version"], manifest["origin"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _build(state: StateDirectory, wine: WineInstallation, home: Path) -> None:
    intent = IntentFile.begin(state.intents, provider="wine", run_id="template")
    working = state.machines / intent.intent.machine_id
    prefix = working / "prefix"
    intent.add(directory=str(working), prefix=str(prefix))
    try:
        working.mkdir(mode=0o700)
        (working / "home").mkdir()
        log = working / "wineboot.log"
        _make_prefix(wine, working, prefix, log)
        if lacking := [name for name in _MUST_BE_THERE if not (prefix / name).is_file()]:
            said = log.read_text(errors="replace").strip()[-500:]
            raise InfrastructureError(f"wineboot made no {lacking[0]}: {said or 'it said nothing'}")
        _finish(prefix, wine)
        manifest = {
            "digest": image_digest(wine, prefix),
            "seal": seal_of_tree(prefix),
            "content": digest_of_tree(
                prefix
            ),  # for `bvt image verify`; the seal, which is quick, knows no content
            "wine_version": wine.version,
            "origin": wine.origin,
            "recipe": recipe_digest(wine),
        }
        (working / "manifest.json").write_text(json.dumps(manifest, indent=1))
        shutil.rmtree(working / "home")
        log.unlink()
        working.rename(home)
    finally:
        end_all(prefix, within_s=10)
        remove_tree(working)
        intent.done()


def _make_prefix(wine: WineInstallation, working: Path, prefix: Path, log: Path) -> None:
    """Have Wine make the prefix, in its root image if it is of one."""
    home = working / "home"
    environment = wine.environment(prefix, home)
    programs = [[str(wine.loader), "wineboot", "-i"], [str(wine.server), "-k"], [str(wine.server), "-w"]]
    if wine.root is None:
        # See namespaces.fix_addresses.
        for program in programs:
            _run(["setarch", "--addr-no-randomize", *program], environment, home, log)
        return
    prefix.mkdir()
    job = Job(str(wine.root), [str(prefix), str(home)], str(home), environment, programs)
    _run(job.command(working), job.surroundings(), home, log)


def _run(argv: list[str], environment: dict[str, str], cwd: Path, log: Path) -> None:
    try:
        with log.open("ab") as output:
            subprocess.run(
                argv,
                env=environment,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=BUILD_DEADLINE_S,
                check=False,
                start_new_session=True,
            )
    except subprocess.TimeoutExpired as error:
        raise DeadlineExceeded("the making of a Wine prefix", BUILD_DEADLINE_S) from error
    except OSError as error:
        raise InfrastructureError(f"{argv[0]} does not run: {error}.") from error


def _finish(prefix: Path, wine: WineInstallation) -> None:
    """Remove what ties the prefix to this place, and put in what a machine needs."""
    (prefix / "wineserver").unlink(missing_ok=True)  # names a socket directory: clones would share a server
    (prefix / ".update-timestamp").write_text("disable\n")  # else a changed mtime costs a 5-22 s update
    devices = prefix / "dosdevices"
    for link in devices.iterdir():
        if link.name != "c:":
            link.unlink()  # z: is the host's root directory; no Windows has that
    for link in (prefix / "drive_c" / "users").rglob("*"):
        if link.is_symlink():  # profile folders that point into HOME
            link.unlink()
            link.mkdir()
    registry = prefix / "system.reg"
    registry.write_bytes(edit(registry.read_bytes(), _REGISTRY))
    if wine.root is not None:
        users = prefix / "user.reg"
        users.write_bytes(edit(users.read_bytes(), _USERS))
    system = prefix / "drive_c" / "windows" / "system32"
    (system / "shutdown.exe").unlink(missing_ok=True)
    compile_for_guest(_POWER_SOURCE, system / "shutdown.exe")
    compile_for_guest(CRASH_SOURCE, system.parent / CRASH_PROGRAM)
    compile_for_guest(_BOOT_SOURCE, prefix / BOOT_PROGRAM)
    (system / "wineboot.exe").rename(prefix / WINEBOOT_PROGRAM)
    compile_for_guest(_SESSION_SOURCE, system / "wineboot.exe")
