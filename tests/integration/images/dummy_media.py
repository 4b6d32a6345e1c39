"""Stand-ins for Windows media: a boot sector that says lines on COM1 and powers off, and a WIM without images."""

import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

from harness.images.recipe import WindowsRecipe
from harness.images.wim import HEADER_SIZE, MAGIC

ORIGIN = 0x7C00
LOADED_SECTORS = 4  # of 512 bytes, as the El Torito entry says
POWER_OFF = bytes.fromhex("ba0406 b80020 ef")  # PM1a control of QEMU's PIIX4, "soft off"
HALT = bytes.fromhex("fa f4 ebfd")


def boot_sector(lines: Iterable[str], *, power_off: bool) -> bytes:
    """Real-mode code that writes the lines to the first serial port, then powers off or halts."""
    say = bytes.fromhex("88c4 bafd03 ec a820 74fb baf803 88e0 ee")  # wait for the transmitter, send al
    loop = bytes.fromhex("ac 84c0 74") + bytes([len(say) + 2]) + say
    loop += bytes([0xEB, (-(len(loop) + 2)) & 0xFF])
    ending = (POWER_OFF if power_off else b"") + HALT
    head_size = 8
    text_at = ORIGIN + head_size + len(loop) + len(ending)
    head = bytes.fromhex("31c0 8ed8 fc be") + struct.pack("<H", text_at)
    assert len(head) == head_size
    text = "".join(f"{line}\r\n" for line in lines).encode("ascii") + b"\0"
    sector = head + loop + ending + text
    assert len(sector) <= LOADED_SECTORS * 512
    return sector.ljust(LOADED_SECTORS * 512, b"\0")


def wim(images: Iterable[tuple[str, int]]) -> bytes:
    """A WIM file's header and table of contents, without contents."""
    body = "".join(
        f'<IMAGE INDEX="{index}"><NAME>{name}</NAME><WINDOWS><ARCH>9</ARCH><EDITIONID>Any</EDITIONID>'
        f"<VERSION><BUILD>{build}</BUILD></VERSION></WINDOWS></IMAGE>"
        for index, (name, build) in enumerate(images, start=1)
    )
    contents = ("\ufeff<WIM>" + body + "</WIM>").encode("utf-16-le")
    header = bytearray(HEADER_SIZE)
    header[: len(MAGIC)] = MAGIC
    struct.pack_into("<QQQ", header, 72, len(contents), HEADER_SIZE, len(contents))
    return bytes(header) + contents


def windows_iso(
    directory: Path, recipe: WindowsRecipe, lines: Iterable[str], *, power_off: bool = True
) -> Path:
    """A bootable medium with the recipe's images in its table of contents."""
    tree = directory / "windows"
    (tree / "sources").mkdir(parents=True)
    names = [(edition.image_name, recipe.build) for edition in recipe.editions.values()]
    (tree / "sources" / "install.wim").write_bytes(wim(names))
    (tree / "boot.bin").write_bytes(boot_sector(lines, power_off=power_off))
    boot = ["-b", "boot.bin", "-no-emul-boot", "-boot-load-size", str(LOADED_SECTORS)]
    return _iso(tree, directory / "windows.iso", boot)


def virtio_iso(directory: Path, recipe: WindowsRecipe, *, without: str = "") -> Path:
    """A medium with the files that the recipe looks for."""
    tree = directory / "virtio"
    names = [recipe.guest_agent]
    for driver in recipe.drivers:
        names += [str(driver.file), str(driver.file.with_suffix(".cat"))]
    for name in names:
        if name != without:
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())
    return _iso(tree, directory / "virtio.iso", [])


def _iso(tree: Path, target: Path, options: list[str]) -> Path:
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-J", "-r", *options, "-o", str(target), str(tree)]
    subprocess.run(command, check=True, capture_output=True)
    return target
