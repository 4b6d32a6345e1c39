"""Stand-ins for Windows media: a boot sector that says lines on COM1 and powers off, and a WIM without images."""

import struct
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from harness.images.catalogue import WHQL_USAGE
from harness.images.recipe import WindowsRecipe
from harness.images.wim import HEADER_SIZE, MAGIC
from tests.programs import ended_well
from tests.unit.images.catalogues import signed_by_microsoft

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


def wim(images: Iterable[tuple[str, int, str]]) -> bytes:
    """A WIM file's header and table of contents, without contents."""
    body = "".join(
        f'<IMAGE INDEX="{index}"><NAME>{name}</NAME><WINDOWS><ARCH>9</ARCH><EDITIONID>{edition}</EDITIONID>'
        f"<VERSION><BUILD>{build}</BUILD></VERSION></WINDOWS></IMAGE>"
        for index, (name, build, edition) in enumerate(images, start=1)
    )
    contents = ("\ufeff<WIM>" + body + "</WIM>").encode("utf-16-le")
    header = bytearray(HEADER_SIZE)
    header[: len(MAGIC)] = MAGIC
    struct.pack_into("<QQQ", header, 72, len(contents), HEADER_SIZE, len(contents))
    return bytes(header) + contents


def windows_iso(
    directory: Path,
    recipe: WindowsRecipe,
    lines: Iterable[str],
    *,
    power_off: bool = True,
    edition_id: str | None = None,
) -> Path:
    """A bootable medium with the recipe's images in its table of contents."""
    tree = directory / "windows"
    (tree / "sources").mkdir(parents=True)
    (tree / "sources" / "install.wim").write_bytes(wim(images_of(recipe, edition_id)))
    (tree / "boot.bin").write_bytes(boot_sector(lines, power_off=power_off))
    boot = ["-b", "boot.bin", "-no-emul-boot", "-boot-load-size", str(LOADED_SECTORS)]
    return _iso(tree, directory / "windows.iso", boot)


def images_of(recipe: WindowsRecipe, edition_id: str | None = None) -> list[tuple[str, int, str]]:
    """Each image once: editions of a recipe may differ in their key alone."""
    editions = recipe.editions.values()
    return list(
        dict.fromkeys((each.image_name, recipe.build, edition_id or each.edition_id) for each in editions)
    )


def virtio_iso(
    directory: Path,
    recipe: WindowsRecipe,
    *,
    without: str = "",
    signed: Mapping[str, bytes] = MappingProxyType({}),
) -> Path:
    """A medium with the files that the recipe looks for; `signed` has catalogues that are not Microsoft's."""
    tree = directory / "virtio"
    files = {recipe.guest_agent: b"an MSI"}
    for driver in recipe.drivers:
        files[str(driver.file)] = driver.inf.encode()
        files[str(driver.catalogue)] = signed.get(driver.name, signed_by_microsoft(WHQL_USAGE))
    for name, content in files.items():
        if not (without and name.startswith(without)):
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return _iso(tree, directory / "virtio.iso", [])


EFI_PROGRAM = """\
static void out(unsigned short port, unsigned char value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static unsigned char in(unsigned short port)
{ unsigned char value; __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static const char text[] = TEXT;
unsigned long long efi_main(void *image, void *system)
{
    (void)image; (void)system;
    for (const char *at = text; *at; at++) { while (!(in(0x3fd) & 0x20)) { } out(0x3f8, *at); }
    __asm__ volatile("outw %0, %1" : : "a"((unsigned short)0x2000), "Nd"((unsigned short)0x604));
    for (;;) __asm__ volatile("hlt");
}
"""


def uefi_windows_iso(directory: Path, recipe: WindowsRecipe, lines: Iterable[str]) -> Path:
    """The same for UEFI: a boot loader (unsigned) in a FAT image, as on Windows media."""
    tree = directory / "windows"
    (tree / "sources").mkdir(parents=True)
    (tree / "sources" / "install.wim").write_bytes(wim(images_of(recipe)))
    source, loader = directory / "loader.c", directory / "bootx64.efi"
    text = "".join(f"{line}\\r\\n" for line in lines)
    source.write_text(EFI_PROGRAM)
    compiler = ["x86_64-w64-mingw32-gcc", "-O1", "-ffreestanding", "-nostdlib", "-shared", f'-DTEXT="{text}"']
    linking = ["-Wl,--subsystem,10", "-e", "efi_main", "-o", str(loader), str(source)]
    subprocess.run([*compiler, *linking], check=True, timeout=300)
    (tree / "efi.img").write_bytes(fat_image(loader.read_bytes()))
    return _iso(tree, directory / "windows.iso", ["-e", "efi.img", "-no-emul-boot"])


def fat_image(loader: bytes) -> bytes:
    r"""A 1.44 MB FAT12 file system with `\EFI\BOOT\BOOTX64.EFI` and nothing else (Microsoft, "FAT specification")."""
    sector, total, fat_sectors, root_entries = 512, 2880, 9, 224
    clusters = -(-len(loader) // sector)
    chain = [0xFF0, 0xFFF, 0xFFF, 0xFFF, *range(5, 4 + clusters), 0xFFF]
    if len(chain) % 2:
        chain.append(0)
    fat = b"".join(
        (low | high << 12).to_bytes(3, "little") for low, high in zip(chain[::2], chain[1::2], strict=True)
    )
    fat = fat.ljust(fat_sectors * sector, b"\0")

    def entry(name: bytes, attribute: int, cluster: int, size: int = 0) -> bytes:
        return struct.pack("<11sB14sHI", name.ljust(11), attribute, b"\0" * 14, cluster, size)

    boot = b"\xeb\x3c\x90BVT     " + struct.pack(
        "<HBHBHHBHHHII", sector, 1, 1, 2, root_entries, total, 0xF0, fat_sectors, 18, 2, 0, 0
    )
    boot += struct.pack("<BBBI11s8s", 0, 0, 0x29, 1, b"BVT        ", b"FAT12   ")
    boot = boot.ljust(510, b"\0") + b"\x55\xaa"
    dots = [entry(b".", 0x10, 2) + entry(b"..", 0x10, 0), entry(b".", 0x10, 3) + entry(b"..", 0x10, 2)]
    image = boot + fat + fat + entry(b"EFI", 0x10, 2).ljust(root_entries * 32, b"\0")
    image += (dots[0] + entry(b"BOOT", 0x10, 3)).ljust(sector, b"\0")
    image += (dots[1] + entry(b"BOOTX64 EFI", 0x20, 4, len(loader))).ljust(sector, b"\0")
    return (image + loader).ljust(total * sector, b"\0")


def _iso(tree: Path, target: Path, options: list[str]) -> Path:
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-J", "-r", *options, "-o", str(target), str(tree)]
    ended_well(command, 300)
    return target
