"""`bvt disk`: looks into a stopped machine's disk without starting or mounting it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.output import discard_output
from harness.model.errors import ConfigurationError
from harness.offline.disk import OfflineDisk, open_disk
from harness.offline.entry import FileFacts
from harness.offline.errors import NotOnDisk
from harness.offline.hive import open_hive
from harness.offline.hive_record import from_shown, shown
from harness.offline.volume import Volume

DiskArgument = Annotated[Path, typer.Argument(help="Disk image: a qcow2 overlay, a raw disk, a VHDX.")]
VolumeOption = Annotated[
    int | None, typer.Option("--volume", help="Number of the volume, where the path does not say it.")
]
SharedOption = Annotated[
    bool, typer.Option("--shared", help="Read a disk that a paused or crashed machine still has open.")
]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="qcow2, raw or vhdx, instead of what its first bytes say.")
]
FORMATS = ("qcow2", "raw", "vhdx")
EVERYTHING = sys.maxsize


def register(app: typer.Typer) -> None:
    """Add the commands."""
    disk = typer.Typer(name="disk", help="Look into a stopped machine's disk; nothing is written.")
    for name, command in (("ls", ls), ("cat", cat), ("reg", reg)):
        disk.command(name)(ends(command))
    app.add_typer(disk)


def ls(
    disk: DiskArgument,
    path: Annotated[str | None, typer.Argument(help="Directory; without it the volumes are listed.")] = None,
    volume: VolumeOption = None,
    shared: SharedOption = False,
    image_format: FormatOption = None,
) -> None:
    """List a directory, or the disk's volumes."""
    with _opened(disk, shared, image_format) as opened:
        if path is None:
            for each in opened.volumes:
                mark = "C:" if each is opened.windows_volume else ""
                typer.echo(f"{each.number:>3} {each.filesystem:<10} {each.size:>16} {mark:<2} {each.label}")
            return
        place = _place(opened, volume, path)
        facts = place.stat(path)
        entries = place.listdir(path) if facts.is_directory else (facts,)
        for entry in entries:
            typer.echo(_line(entry))
        _report(opened.problems)


def cat(
    disk: DiskArgument,
    path: Annotated[str, typer.Argument(help=r"File, e.g. C:\Windows\Panther\setupact.log.")],
    volume: VolumeOption = None,
    shared: SharedOption = False,
    image_format: FormatOption = None,
) -> None:
    """Write a file's bytes to standard output."""
    with _opened(disk, shared, image_format) as opened:
        try:
            for chunk in _place(opened, volume, path).chunks(path, EVERYTHING):
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # `| head` has enough
            discard_output()
        _report(opened.problems)


def reg(
    disk: DiskArgument,
    path: Annotated[str, typer.Argument(help=r"Hive file, e.g. C:\Windows\System32\config\SOFTWARE.")],
    key: Annotated[str, typer.Argument(help="Key below the hive's root; a NUL in a name is {U+0000}.")] = "",
    value: Annotated[str | None, typer.Option("--value", help="Only this value's data.")] = None,
    shared: SharedOption = False,
    image_format: FormatOption = None,
) -> None:
    """Show a registry key: its keys, then its values."""
    with _opened(disk, shared, image_format) as opened:
        _place(opened, None, path)
        hive = open_hive(opened, path)
        _report(hive.warnings)
        key = from_shown(key)
        if value is not None:
            found = hive.value(key, from_shown(value))
            if found is None:
                raise NotOnDisk(
                    f"there is no value {value} in {shown(key) or 'the root key'} of {path}", file=str(disk)
                )
            typer.echo(shown(str(found)))
            return
        for name in hive.subkeys(key):
            typer.echo(f"[{shown(name)}]")
        for each in hive.values(key):
            typer.echo(f"{shown(each.name) or '(default)'} = {shown(str(each))}")


def _opened(disk: Path, shared: bool, image_format: str | None) -> OfflineDisk:
    if image_format not in (None, *FORMATS):
        raise ConfigurationError(
            f"unknown disk format {image_format!r}; there are {', '.join(FORMATS)}.", key="--format"
        )
    return open_disk(disk, shared=shared, image_format=image_format)


def _place(opened: OfflineDisk, volume: int | None, path: str) -> Volume:
    """The volume that a path is on; what makes its answers doubtful is said first."""
    numbers = [each.number for each in opened.volumes]
    if volume is None:
        found = opened.volume_of(path)
    elif volume in numbers:
        found = opened.volumes[numbers.index(volume)]
    else:
        there = ", ".join(map(str, numbers))
        raise NotOnDisk(
            f"there is no volume {volume}; there is {there}", file=str(opened.path), key="--volume"
        )
    _report(tuple(f"{found}: {caution}" for caution in found.cautions))
    return found


def _line(facts: FileFacts) -> str:
    when = f"{facts.modified:%Y-%m-%d %H:%M:%S}" if facts.modified else " " * 19
    size = "<DIR>" if facts.is_directory else str(facts.size)
    name = facts.name.encode("utf-8", "backslashreplace").decode()
    return f"{when} {size:>14} {name}" + (f" -> {facts.link_target}" if facts.link_target else "")


def _report(problems: tuple[str, ...]) -> None:
    for problem in problems:
        typer.echo(f"bvt: {problem}", err=True)
