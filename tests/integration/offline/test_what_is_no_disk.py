"""A file that is no disk image, or only a part of one, is the user's mistake; a part never passes for the whole."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from harness.cli import disk as disk_command
from harness.offline.disk import open_disk
from harness.offline.errors import NotADisk
from tests.integration.offline import making
from tests.integration.offline.conftest import GPT, DeadMachine

pytestmark = pytest.mark.libvirt
app = typer.Typer()
disk_command.register(app)
LARGE = os.urandom(2 * making.MIB)


def bvt(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["disk", *arguments])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of disk images, one of each kind, all with the same large file."""
    at = tmp_path_factory.mktemp("whole")
    files = {"/Windows/large.bin": LARGE}
    ntfs = making.ntfs(at / "ntfs.raw", files, size=16 * making.MIB)
    gpt = making.partitioned(at / "gpt.raw", GPT, {12288 * 512: ntfs}, size=32 * making.MIB)
    (at / "tree" / "Windows").mkdir(parents=True)
    (at / "tree" / "Windows" / "large.bin").write_bytes(LARGE)
    making.run("mke2fs", "-q", "-t", "ext4", "-d", str(at / "tree"), "-F", str(at / "ext4.raw"), "8M")
    making.qcow2(at / "plain.qcow2", gpt)
    making.qcow2(at / "compressed.qcow2", gpt, "-c")
    for kind in ("dynamic", "fixed"):
        making.run(
            "qemu-img", "convert", "-O", "vhdx", "-o", f"subformat={kind}", str(gpt), str(at / f"{kind}.vhdx")
        )
    return at


IMAGES = ("ntfs.raw", "gpt.raw", "ext4.raw", "plain.qcow2", "compressed.qcow2", "dynamic.vhdx", "fixed.vhdx")


@pytest.mark.parametrize("name", IMAGES)
def test_a_whole_image_is_read(whole: Path, name: str) -> None:
    done = bvt("cat", str(whole / name), "/Windows/large.bin")
    assert (done.exit_code, done.stderr, done.stdout_bytes == LARGE) == (0, "", True)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6])
@pytest.mark.parametrize("name", IMAGES)
def test_an_image_that_is_cut_short_is_refused_however_one_asks(
    whole: Path, tmp_path: Path, name: str, share: float
) -> None:
    cut = tmp_path / name
    data = (whole / name).read_bytes()
    cut.write_bytes(data[: int(len(data) * share)])
    for line in (["ls", str(cut)], ["cat", str(cut), "/Windows/large.bin"], ["reg", str(cut), "/Windows/a"]):
        done = bvt(*line)
        assert (done.exit_code, done.stdout_bytes) == (2, b""), done.stderr
        assert done.stderr.startswith(f"bvt: {cut}: ")
        assert done.stderr.count("\n") == 1


def test_a_file_behind_an_overlay_that_is_cut_short_is_named(
    dead_machine: DeadMachine, tmp_path: Path
) -> None:
    base, overlay = tmp_path / "base.qcow2", tmp_path / "overlay.qcow2"
    base.write_bytes(dead_machine.base.read_bytes())
    making.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", base.name, "-F", "qcow2", str(overlay))
    with open_disk(overlay):
        pass
    os.truncate(base, base.stat().st_size * 2 // 3)
    with pytest.raises(
        NotADisk, match=r"overlay\.qcow2: the disk image is cut short: .*base\.qcow2 has \d+ b"
    ):
        open_disk(overlay)
    with open_disk(overlay, backing=False):
        pass


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("a shopping list")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(making.MIB))


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/null")


def head_only(path: Path) -> None:
    path.write_bytes(b"QFI\xfb")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "there is no such file"),
        (empty, "the file is empty"),
        (text, "this is no disk image: it has no partition table and no filesystem that can be read"),
        (zeros, "this is no disk image: it has no partition table and no filesystem that can be read"),
        (folder, "this is a directory"),
        (pipe, "this is no ordinary file"),
        (device, "this is no ordinary file"),
        (head_only, "this cannot be opened as a disk image (qcow2): "),
    ],
)
def test_what_is_no_disk_image_is_one_sentence_and_2(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "given"
    make(path)
    for line in (["ls", str(path)], ["cat", str(path), r"C:\a"], ["reg", str(path), r"C:\a"]):
        done = bvt(*line)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"bvt: {path}: {words}")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("vmdk", (), "a VMDK disk image (VMware)"),
        ("vmdk", ("-o", "subformat=twoGbMaxExtentSparse"), "the description of a VMDK disk image"),
        ("vdi", (), "a VDI disk image (VirtualBox)"),
        ("vpc", (), "a VHD disk image"),
        ("qcow", (), "a disk image of qcow's first version"),
        ("qed", (), "a QED disk image"),
        ("parallels", (), "a disk image of Parallels"),
    ],
)
def test_a_disk_of_a_format_that_is_not_read_is_named_with_the_way_to_one_that_is(
    whole: Path, tmp_path: Path, kind: str, options: tuple[str, ...], words: str
) -> None:
    path, turned = tmp_path / "given.img", tmp_path / "turned.qcow2"
    making.run("qemu-img", "convert", "-O", kind, *options, str(whole / "gpt.raw"), str(path))
    done = bvt("ls", str(path))
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"bvt: {path}: this is {words}")
    assert "qemu-img convert -O qcow2 FILE NEW.qcow2" in done.stderr
    making.run("qemu-img", "convert", "-O", "qcow2", str(path), str(turned))  # the hint is true
    assert bvt("cat", str(turned), "/Windows/large.bin").stdout_bytes == LARGE


def test_a_fixed_vhd_is_a_raw_disk_with_a_last_sector_more(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "fixed.vhd"
    making.run("qemu-img", "convert", "-O", "vpc", "-o", "subformat=fixed", str(whole / "gpt.raw"), str(path))
    done = bvt("cat", str(path), "/Windows/large.bin")
    assert (done.exit_code, done.stderr, done.stdout_bytes == LARGE) == (0, "", True)


def test_who_names_the_format_is_believed(whole: Path, tmp_path: Path) -> None:
    """The first bytes of a raw disk are its guest's to write."""
    path = tmp_path / "raw"
    path.write_bytes(b"\x1f\x8b" + (whole / "gpt.raw").read_bytes()[2:])
    assert "this is a gzip archive" in bvt("ls", str(path)).stderr
    assert bvt("cat", str(path), "/Windows/large.bin", "--format", "raw").stdout_bytes == LARGE


def test_a_format_that_the_image_does_not_have_is_said(whole: Path) -> None:
    done = bvt("ls", str(whole / "gpt.raw"), "--format", "qcow2")
    assert done.exit_code == 2
    assert "Image is not in qcow2 format" in done.stderr


def test_a_disk_without_a_windows_volume_is_said(whole: Path, tmp_path: Path) -> None:
    blank = tmp_path / "blank.qcow2"
    making.run("qemu-img", "create", "-q", "-f", "qcow2", str(blank), "1M")
    assert bvt("ls", str(blank)).stdout.split() == ["1", "unknown", "1048576"]
    for line in (["ls", str(blank), "C:\\"], ["ls", str(whole / "gpt.raw"), "C:\\", "--volume", "1"]):
        done = bvt(*line)
        assert (done.exit_code, "holds no filesystem that can be read" in done.stderr) == (2, True)


def test_ntfs_that_was_not_unmounted_or_is_hibernated_is_read_with_a_caution(
    whole: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes((whole / "ntfs.raw").read_bytes())
    sleeping = tmp_path / "hiberfil.sys"
    sleeping.write_bytes(b"HIBR" + bytes(4096))
    making.run("ntfscp", "--quiet", str(disk), str(sleeping), "/hiberfil.sys")
    done = bvt("ls", str(disk), r"C:\Windows")
    assert (done.exit_code, "large.bin" in done.stdout) == (0, True)
    assert "its system is hibernated" in done.stderr
    disk.write_bytes(marked_dirty((whole / "ntfs.raw").read_bytes()))
    done = bvt("cat", str(disk), r"C:\Windows\large.bin")
    assert (done.exit_code, done.stdout_bytes == LARGE) == (0, True)
    assert "it was not unmounted" in done.stderr


def marked_dirty(volume: bytes) -> bytes:
    """The volume with the flag in `$Volume`'s $VOLUME_INFORMATION that a mounted one has."""
    data = bytearray(volume)
    cluster = struct.unpack_from("<H", data, 11)[0] * data[13]
    record = struct.unpack_from("<Q", data, 48)[0] * cluster + 3 * 1024
    at = record + struct.unpack_from("<H", data, record + 20)[0]
    while struct.unpack_from("<I", data, at)[0] != 0x70:
        at += struct.unpack_from("<I", data, at + 4)[0]
    struct.pack_into("<H", data, at + struct.unpack_from("<H", data, at + 20)[0] + 10, 1)
    return bytes(data)
