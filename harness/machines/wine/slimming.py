"""Makes the root image's tree of what packages brought: the recipe's files, and the libraries that they need."""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.machines.wine.image_recipe import RootRecipe
from harness.model.errors import DeadlineExceeded, InfrastructureError

STRIP = "usr/bin/x86_64-w64-mingw32-strip"
"""Takes symbols and debug information out of Windows programs: three quarters of Debian's Wine. 32 bit, too.

It is run from among the packages, so that another version on the host makes no other image.
"""
LINKS = {"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "sbin": "usr/sbin"}
MOUNT_POINTS = ("dev", "proc", "run", "sys", "tmp", "usr/bin", "usr/sbin")
ETC = {
    "group": "root:x:0:\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "hosts: files dns\n",
    "passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "resolv.conf": "",
}
_LOADERS = {"i386-linux-gnu": "usr/lib/ld-linux.so.2", "x86_64-linux-gnu": "usr/lib64/ld-linux-x86-64.so.2"}
_MARK_AT, _MARK = 0x40, b"Wine builtin DLL".ljust(32, b"\0")
_DEADLINE_S = 120.0
_AT_ONCE = 50
_SAME_EACH_TIME = {"SOURCE_DATE_EPOCH": "1", "LANG": "C.UTF-8"}
"""The linker's tools would write the present time into what they write: two builds of the same would differ."""


def make_root(packages: Path, recipe: RootRecipe, root: Path, fonts: Path) -> None:
    """Move what the recipe keeps from the tree `packages` into the new tree `root`, and slim it.

    Raises `InfrastructureError` if a file of the recipe is not there, `OSError`.
    """
    for name in MOUNT_POINTS:
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    for name, text in ETC.items():
        (root / "etc").mkdir(exist_ok=True)
        (root / "etc" / name).write_text(text)
    (root / "etc" / "fonts").mkdir()
    (root / "etc" / "fonts" / "fonts.conf").write_bytes(fonts.read_bytes())
    for pattern in recipe.kept:
        found = sorted(packages.glob(pattern))
        if not found:
            raise InfrastructureError(
                f"Debian's packages no longer have {pattern}, which the Wine image needs."
            )
        for path in found:
            _move(path, packages, root)
    for pattern in recipe.without:
        for path in root.glob(f"usr/lib/*/wine/*-unix/{pattern}"):
            path.unlink()
    for target, source in recipe.builtin.items():
        _make_builtin(packages, root, source, target)
    _strip(packages, sorted(root.glob("usr/lib/*/wine/*-windows/*")))
    for triplet, loader in _LOADERS.items():
        _add_libraries(packages, root, triplet, loader, recipe.opened)


def _move(path: Path, packages: Path, root: Path) -> None:
    target = root / path.relative_to(packages)
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)


def _make_builtin(packages: Path, root: Path, source: str, target: str) -> None:
    """Do what the package's own script does with a library of another package: mark it as one of Wine's own."""
    data = bytearray((packages / source).read_bytes())
    data[_MARK_AT : _MARK_AT + len(_MARK)] = _MARK
    (root / target).write_bytes(data)


def _add_libraries(packages: Path, root: Path, triplet: str, loader: str, opened: Sequence[str]) -> None:
    """The shared libraries of one architecture that the tree's programs name, and those that they open by name."""
    source, target = packages / "usr" / "lib" / triplet, root / "usr" / "lib" / triplet
    wanted = [source / name for name in opened]
    # The dynamic loader itself is one of the libraries.
    own = (root / loader).readlink().name
    modules = sorted(target.glob("wine/*-unix"))
    bits = _elf_class(source / own)
    programs = [
        path
        for path in (
            *root.glob("usr/lib/wine/*"),
            *root.glob("usr/sbin/*"),
            *(root / "usr" / "lib").glob("*/wine/*-unix/*.so"),
            *wanted,
        )
        if _elf_class(path) == bits
    ]
    needed = {*opened, own}
    for program in programs:
        needed |= _needed(source / own, [source, *modules], program)
    for name in sorted(needed):
        path = source / name
        if path.is_symlink():  # the name by which it is called, and the file that bears its version
            _move(path.resolve(strict=True), packages.resolve(), root)
        _move(path, packages, root)


def _elf_class(path: Path) -> int:
    """1 for a 32-bit program, 2 for a 64-bit one (elf(5), EI_CLASS); 0 for anything else."""
    with path.open("rb") as file:
        head = file.read(5)
    return head[4] if head[:4] == b"\x7fELF" else 0


def _needed(loader: Path, places: Sequence[Path], program: Path) -> set[str]:
    """The names of all libraries that the image's own dynamic loader would load with it (ld.so(8), --list).

    `places`: where it looks; what it finds in the first of them counts.
    """
    listed: list[str | Path] = [
        loader,
        "--inhibit-cache",
        "--library-path",
        ":".join(map(str, places)),
        "--list",
        program,
    ]
    said = _run(listed, {})
    if said.returncode != 0 or "not found" in said.stdout:
        raise InfrastructureError(
            f"The libraries of {program.name} cannot be told: {(said.stdout + said.stderr).strip()[-300:]}"
        )
    lines = (line.split() for line in said.stdout.splitlines())
    return {Path(words[2]).name for words in lines if len(words) > 2 and Path(words[2]).parent == places[0]}


def _strip(packages: Path, programs: Sequence[Path]) -> None:
    libraries = packages / "usr" / "lib" / "x86_64-linux-gnu"
    loader = libraries / "ld-linux-x86-64.so.2"
    strip: list[str | Path] = [loader, "--inhibit-cache", "--library-path", libraries, packages / STRIP]

    def take_out(some: Iterable[Path]) -> None:
        done = _run([*strip, "--strip-all", *some], _SAME_EACH_TIME)
        if done.returncode != 0:
            raise InfrastructureError(f"{STRIP} failed: {done.stderr.strip()[-300:]}")

    whole = [path for path in programs if path.is_file() and not path.is_symlink() and _is_program(path)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for _ in pool.map(take_out, (whole[at : at + _AT_ONCE] for at in range(0, len(whole), _AT_ONCE))):
            pass


def _run(argv: Sequence[str | Path], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DeadlineExceeded(f"The end of {Path(argv[0]).name}", _DEADLINE_S) from error


def _is_program(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"MZ"
