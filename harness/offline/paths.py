"""Paths on a disk: which volume they mean, and the names on the way."""

import re
from dataclasses import dataclass

from harness.offline.errors import NotOnDisk

DRIVE = re.compile(r"^([A-Za-z]):(?:[\\/]|$)")
GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class DiskPath:
    """`drive` is an upper-case letter, or empty for a path that begins at some volume's root."""

    drive: str
    names: tuple[str, ...]
    posix: bool

    def __str__(self) -> str:
        if self.posix:
            return "/" + "/".join(self.names)
        return (f"{self.drive}:" if self.drive else "") + "\\" + "\\".join(self.names)


def parse(path: str) -> DiskPath:
    r"""`C:\x`, `\x`, `C:/x` are Windows paths, `/x` is a Linux path. Raises `NotOnDisk` for a relative one."""
    drive = DRIVE.match(path)
    if drive is None and not path.startswith(("/", "\\")):
        raise NotOnDisk(f"{path!r} is no absolute path", hint=r"Write C:\Windows\... or /etc/...")
    posix = path.startswith("/")
    rest = path[2:] if drive else path
    names = rest.split("/") if posix else re.split(r"[\\/]", rest)
    return DiskPath(drive[1].upper() if drive else "", _normal(names), posix)


def through_link(at: tuple[str, ...], target: str, rest: tuple[str, ...]) -> tuple[str, ...]:
    r"""The names to walk from the root after the link `at` (its own name last) pointed to `target`.

    NTFS targets come as `\??\C:\x`, `C:\x` or relative; a drive is taken to be this volume.
    """
    target = target.removeprefix("\\??\\").removeprefix("\\\\?\\")
    absolute = target.startswith(("/", "\\")) or DRIVE.match(target) is not None
    if DRIVE.match(target):
        target = target[2:]
    names = target.split("/") if "/" in target else target.split("\\")
    return _normal([*(() if absolute else at[:-1]), *names, *rest])


def _normal(names: "list[str]") -> tuple[str, ...]:
    out: list[str] = []
    for name in names:
        if name == "..":
            del out[-1:]
        elif name not in ("", "."):
            out.append(name)
    return tuple(out)
