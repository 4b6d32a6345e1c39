"""Files of a Linux guest's ext4 disk through a chain of overlays."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.offline.disk import open_disk
from harness.offline.errors import DiskInUse, FilesystemUnknown, NotOnDisk, VolumeEncrypted
from harness.offline.image import Image
from tests.integration.offline import making
from tests.programs import bounded

pytestmark = pytest.mark.libvirt


@pytest.fixture(scope="module")
def linux_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """base (raw ext4) ← middle ← top, each one changing something."""
    at = tmp_path_factory.mktemp("linux")
    tree = at / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc" / "hostname").write_text("guest\n")
    (tree / "etc" / "Name").write_text("upper")
    (tree / "data").write_bytes(bytes(range(256)) * 8000)
    (tree / "link").symlink_to("etc/../etc/hostname")
    (tree / "loop").symlink_to("/loop")
    base = at / "base.raw"
    making.run("mke2fs", "-q", "-t", "ext4", "-d", str(tree), "-F", str(base), "16M")
    changed = at / "changed.raw"
    (tree / "etc" / "hostname").write_text("changed\n")
    making.run("mke2fs", "-q", "-t", "ext4", "-d", str(tree), "-F", str(changed), "16M")
    image = making.qcow2(at / "image.qcow2", base)
    making.overlay_of(at / "middle.qcow2", image, changed)
    top = at / "top.qcow2"
    making.run(
        "qemu-img", "create", "-q", "-f", "qcow2", "-b", "middle.qcow2", "-F", "qcow2", str(top), "32M"
    )
    return top


def test_an_ext4_file_is_read_through_two_overlays(linux_disk: Path) -> None:
    with open_disk(linux_disk) as disk:
        assert disk.read("/etc/hostname", 100) == b"changed\n"
        assert disk.read("/data", 1 << 30) == bytes(range(256)) * 8000
        assert {facts.name for facts in disk.listdir("/")} == {"etc", "data", "link", "loop", "lost+found"}
        assert disk.glob("/etc/*") == ("/etc/Name", "/etc/hostname")


def test_links_are_followed_and_a_loop_of_links_ends(linux_disk: Path) -> None:
    with open_disk(linux_disk) as disk:
        assert disk.read("/link", 100) == b"changed\n"
        with pytest.raises(NotOnDisk):
            disk.read("/loop", 1)


def test_names_on_ext4_keep_their_case(linux_disk: Path) -> None:
    with open_disk(linux_disk) as disk:
        assert disk.exists("/etc/Name")
        assert not disk.exists("/etc/name")


def test_clusters_zeroed_in_the_overlay_are_zeros_not_the_images_bytes(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(b"\xaa" * making.MIB)
    base = making.qcow2(tmp_path / "base.qcow2", raw)
    top = tmp_path / "top.qcow2"
    making.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "qcow2", str(top))
    making.run("qemu-io", "-c", "write -z 64k 64k", "-c", "write -P 0xbb 128k 64k", str(top))
    with Image(top) as image:
        assert [image.read(number * 65536, 1) for number in range(4)] == [b"\xaa", b"\0", b"\xbb", b"\xaa"]
    with Image(top, backing=False) as image:
        assert [image.read(number * 65536, 1) for number in range(4)] == [b"\0", b"\0", b"\xbb", b"\0"]


@pytest.fixture
def in_use(linux_disk: Path) -> Iterator[None]:
    """Another QEMU process has the disk open for writing."""
    command = ["qemu-io", str(linux_disk)]
    with bounded(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write(b"read 0 512\n")
        writer.stdin.flush()
        assert b"read 512" in writer.stdout.readline()  # it is open
        yield
        writer.communicate(b"quit\n", timeout=120)


@pytest.mark.usefixtures("in_use")
def test_a_disk_that_a_machine_writes_to_is_refused_unless_shared(linux_disk: Path) -> None:
    with pytest.raises(DiskInUse, match=r"is in use by a running machine\. Stop the machine"):
        open_disk(linux_disk)
    with open_disk(linux_disk, shared=True) as disk:
        assert disk.read("/etc/hostname", 100) == b"changed\n"


def test_bitlocker_is_recognized_and_named(tmp_path: Path) -> None:
    disk = tmp_path / "locked.raw"
    disk.write_bytes(b"\xebX\x90-FVE-FS-".ljust(510, b"\0") + b"\x55\xaa" + bytes(making.MIB))
    with open_disk(disk) as opened, pytest.raises(VolumeEncrypted, match="encrypted by BitLocker"):
        opened.read(r"C:\Windows\MEMORY.DMP", 1)


def test_a_disk_without_any_filesystem_says_so(tmp_path: Path) -> None:
    disk = tmp_path / "blank.qcow2"
    making.run("qemu-img", "create", "-q", "-f", "qcow2", str(disk), "1M")
    with open_disk(disk) as opened, pytest.raises(FilesystemUnknown, match="holds no filesystem"):
        opened.volumes[0].listdir("/")


def test_a_vhdx_is_read_like_any_disk(linux_disk: Path, tmp_path: Path) -> None:
    vhdx = tmp_path / "disk.vhdx"
    making.run("qemu-img", "convert", "-q", "-O", "vhdx", str(linux_disk), str(vhdx))
    with open_disk(vhdx) as disk:
        assert disk.format == "vhdx"
        assert disk.read("/etc/hostname", 100) == b"changed\n"
