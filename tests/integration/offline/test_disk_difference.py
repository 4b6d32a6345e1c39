"""What changed on a disk of thousands of files is found from the overlay's clusters alone."""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.offline.difference import Overlay
from harness.offline.errors import FilesystemUnknown, NotADisk
from harness.residue.change import Change, Kind, Where
from harness.residue.disk_look import disk_changes
from tests.integration.offline import making
from tests.integration.offline.conftest import DeadMachine
from tests.integration.offline.ntfs_writing import NtfsWriter, writing
from tests.programs import ended_well

pytestmark = pytest.mark.libvirt
FOLDERS, EACH = 20, 100
PREFIX = "/var/lib/prefix"
MIB = making.MIB
ADMINISTRATORS = b"\x01\x02\0\0\0\0\0\x05" + struct.pack("<II", 32, 544)
EVERYONE = b"\x01\x01\0\0\0\0\0\x01" + struct.pack("<I", 0)
SERVICES = r"Services\BvtAgent"
SOFTWARE = r"""add Microsoft
cd Microsoft
add SystemCertificates
cd SystemCertificates
add ROOT
cd \
add Vendor
cd Vendor
setval 1
Level
dword:1
cd \
"""
SYSTEM = """add ControlSet001
cd ControlSet001
add Services
cd Services
add SharedAccess
cd SharedAccess
setval 1
rule-before
string:v2.10|Action=Block
cd \\
"""


def descriptor(who: bytes) -> bytes:
    """A security descriptor that grants one group everything."""
    entry = struct.pack("<BBHI", 0, 0, 8 + len(who), 0x1F01FF) + who
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(entry), 1, 0) + entry
    size = len(ADMINISTRATORS)
    return struct.pack("<BBHIIII", 1, 0, 0x8004, 20, 20 + size, 0, 20 + 2 * size) + ADMINISTRATORS * 2 + acl


def contents() -> dict[str, dict[str, bytes]]:
    """Files by folder: some lie within their records, some have many clusters."""
    draw = random.Random(1)
    return {
        f"Windows/d{folder:02}": {
            f"f{number:03}.bin": draw.randbytes((100, 2000, 5000, 20000)[number % 4])
            for number in range(EACH)
        }
        for folder in range(FOLDERS)
    }


@dataclass(frozen=True)
class Disk:
    """A raw volume that is the image, with how to change a copy of it."""

    raw: Path
    drive_c: str = ""

    def changed_by(self, change: Callable[[Path], object], at: Path) -> tuple[Change, ...]:
        """What the overlay tells."""
        base, copy = making.qcow2(at / "base.qcow2", self.raw), at / "changed.raw"
        making.run("cp", "--sparse=always", str(self.raw), str(copy))
        change(copy)
        found = disk_changes(making.overlay_of(at / "overlay.qcow2", base, copy), drive_c=self.drive_c)
        assert found.bytes_read < self.raw.stat().st_size / 2
        return found.changes


@pytest.fixture(scope="module")
def ntfs(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    at = tmp_path_factory.mktemp("ntfs")
    raw = making.ntfs(at / "c.raw", {}, size=48 * MIB)
    with writing(raw) as volume:
        for folder, files in contents().items():
            volume.files(f"/{folder}", files)
        for name, commands in (("SOFTWARE", SOFTWARE), ("SYSTEM", SYSTEM)):
            volume.file(f"/Windows/System32/config/{name}", making.hive(at / name, commands))
    return Disk(raw)


@pytest.fixture(scope="module")
def ext4(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    at = tmp_path_factory.mktemp("ext4")
    top = at / "tree"
    for folder, files in contents().items():
        place = top / PREFIX[1:] / "drive_c" / folder
        place.mkdir(parents=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
    for name in ("system.reg", "user.reg"):
        (top / PREFIX[1:] / name).write_bytes(text(b'"Level"=dword:00000001'))
    raw = at / "c.raw"
    making.run("mkfs.ext4", "-q", "-F", "-N", "4096", "-d", str(top), str(raw), "64M")
    return Disk(raw, f"{PREFIX}/drive_c")


def text(*lines: bytes, key: bytes = b"Software\\\\Vendor") -> bytes:
    """A registry file of Wine."""
    heading = b"WINE REGISTRY Version 2\n;; All keys relative to \\\\Machine\n\n#arch=win64\n\n"
    return heading + b"[" + key + b"] 1\n#time=1\n" + b"\n".join(lines) + b"\n"


def on_ext4(path: Path, *commands: str) -> None:
    """Change it without mounting it."""
    asked = "\n".join(commands).encode()
    command = ["debugfs", "-w", "-f", "/dev/stdin", str(path)]
    ended_well(command, 60, input=asked)


def told(changes: tuple[Change, ...]) -> set[tuple[Kind, str]]:
    """What became of what, folders aside: they are told, too."""
    return {(each.kind, each.name) for each in changes}


def test_ten_changes_among_thousands_of_files_on_ntfs(ntfs: Disk, tmp_path: Path) -> None:
    service = (
        "cd \\ControlSet001\\Services\nadd BvtAgent\ncd BvtAgent\nsetval 1\nImagePath\nstring:C:\\\\a.exe\n"
    )
    rule = "cd \\ControlSet001\\Services\\SharedAccess\nsetval 1\nrule-before\nstring:v2.10|Action=Allow\n"
    root = "cd \\Microsoft\\SystemCertificates\\ROOT\nadd 0A1B\ncd 0A1B\nsetval 1\nBlob\nhex:3:01,02,03\n"
    task = "cd \\\nadd Tasks\ncd Tasks\nadd BvtTask\n"
    value = "cd \\Vendor\nsetval 1\nLevel\ndword:2\n"

    def change(volume: NtfsWriter) -> None:
        config = "/Windows/System32/config"
        volume.file(f"{config}/SYSTEM", making.hive(tmp_path / "SYSTEM", SYSTEM + service + rule))
        volume.file(f"{config}/SOFTWARE", making.hive(tmp_path / "SOFTWARE", SOFTWARE + root + task + value))
        volume.file("/Windows/System32/Tasks/BvtTask", b"<Task/>")
        volume.file("/Windows/d03/added.txt", b"new")
        volume.write_at("/Windows/d05/f003.bin", 4567, b"X")
        volume.remove("/Windows/d07/f002.bin")
        volume.security("/Windows/d09/f001.bin", descriptor(EVERYONE))
        volume.stream("/Windows/d11/f000.bin", "Zone.Identifier", b"[ZoneTransfer]")

    found = ntfs.changed_by(lambda raw: _write(raw, change), tmp_path)
    machine = "hklm\\software"
    services = "hklm\\system\\currentcontrolset\\services"
    assert told(found) == {
        (Kind.ADDED, f"{services}\\bvtagent"),
        (Kind.ADDED, f"{services}\\bvtagent\\imagepath"),
        (Kind.CHANGED, f"{services}\\sharedaccess\\rule-before"),
        (Kind.ADDED, f"{machine}\\microsoft\\systemcertificates\\root\\0a1b"),
        (Kind.ADDED, f"{machine}\\microsoft\\systemcertificates\\root\\0a1b\\blob"),
        (Kind.ADDED, f"{machine}\\tasks"),
        (Kind.ADDED, f"{machine}\\tasks\\bvttask"),
        (Kind.CHANGED, f"{machine}\\vendor\\level"),
        (Kind.ADDED, "c:\\windows\\system32\\tasks"),
        (Kind.ADDED, "c:\\windows\\system32\\tasks\\bvttask"),
        (Kind.ADDED, "c:\\windows\\d03\\added.txt"),
        (Kind.CHANGED, "c:\\windows\\d05\\f003.bin"),
        (Kind.REMOVED, "c:\\windows\\d07\\f002.bin"),
        (Kind.CHANGED, "c:\\windows\\d09\\f001.bin"),
        (Kind.CHANGED, "c:\\windows\\d11\\f000.bin"),
    }
    changed = next(each for each in found if each.name.endswith("d09\\f001.bin"))
    assert (changed.owner, changed.was != changed.now) == ("S-1-5-32-544", True)


def _write(raw: Path, change: Callable[[NtfsWriter], None]) -> None:
    with writing(raw) as volume:
        change(volume)


def test_ten_changes_among_thousands_of_files_on_ext4(ext4: Disk, tmp_path: Path) -> None:
    new, registry = tmp_path / "new", tmp_path / "reg"
    new.write_bytes(b"new")
    services = b"System\\\\CurrentControlSet\\\\Services\\\\BvtAgent"
    registry.write_bytes(text(b'"Level"=dword:00000002') + b"\n[" + services + b'] 1\n"ImagePath"="a"\n')
    windows = f"{PREFIX}/drive_c/Windows"
    found = ext4.changed_by(
        lambda raw: on_ext4(
            raw,
            f"write {new} {windows}/d03/added.txt",
            f"rm {windows}/d07/f002.bin",
            f"set_inode_field {windows}/d09/f001.bin mode 0100600",
            f"ea_set {windows}/d11/f000.bin user.DOSATTRIB 0x2",
            f"rm {windows}/d13/f003.bin",
            f"write {new} {windows}/d13/f003.bin",
            f"rm {PREFIX}/system.reg",
            f"write {registry} {PREFIX}/system.reg",
            f"set_inode_field {windows}/d15/f001.bin uid 33",
            f"write {new} /var/outside",
        ),
        tmp_path,
    )
    assert told(found) == {
        (Kind.ADDED, "c:\\windows\\d03\\added.txt"),
        (Kind.REMOVED, "c:\\windows\\d07\\f002.bin"),
        (Kind.CHANGED, "c:\\windows\\d09\\f001.bin"),
        (Kind.CHANGED, "c:\\windows\\d11\\f000.bin"),
        (Kind.CHANGED, "c:\\windows\\d13\\f003.bin"),
        (Kind.CHANGED, "c:\\windows\\d15\\f001.bin"),
        (Kind.CHANGED, "hklm\\software\\vendor\\level"),
        (Kind.ADDED, "hklm\\system\\currentcontrolset\\services\\bvtagent"),
        (Kind.ADDED, "hklm\\system\\currentcontrolset\\services\\bvtagent\\imagepath"),
    }


@pytest.mark.parametrize("kind", ["ntfs", "ext4"])
def test_a_byte_written_past_the_filesystem_is_found(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    disk: Disk = request.getfixturevalue(kind)
    folder, name = "Windows/d05", "f003.bin"
    content = contents()[folder][name]

    def write_past(raw: Path) -> None:
        at = raw.read_bytes().find(content[:4096])
        assert at > 0
        with raw.open("r+b") as file:
            file.seek(at + 99)
            file.write(bytes([content[99] ^ 1]))

    (found,) = disk.changed_by(write_past, tmp_path)
    assert (found.kind, found.where, found.name) == (
        Kind.CHANGED,
        Where.FILE,
        f"c:\\windows\\d05\\{name}",
    )


def test_nothing_written_is_no_change(ntfs: Disk, tmp_path: Path) -> None:
    assert ntfs.changed_by(lambda _: None, tmp_path) == ()


def test_a_folder_that_was_renamed_takes_all_below_it_along(ntfs: Disk, ext4: Disk, tmp_path: Path) -> None:
    at = tmp_path / "ext4"
    at.mkdir()
    windows = f"{PREFIX}/drive_c/Windows"
    found = ntfs.changed_by(
        lambda raw: _write(raw, lambda volume: volume.move("/Windows/d01", "/Windows/other")), tmp_path
    )
    linked = ext4.changed_by(
        lambda raw: on_ext4(raw, f"ln {windows}/d01 {windows}/other", f"unlink {windows}/d01"), at
    )
    for changes in (found, linked):
        gone = {each.name for each in changes if each.kind is Kind.REMOVED}
        new = {each.name for each in changes if each.kind is Kind.ADDED}
        assert (len(gone), {name.replace("\\d01", "\\other") for name in gone}) == (EACH + 1, new)


def test_a_second_name_is_a_new_file_and_the_first_one_stays(ntfs: Disk, tmp_path: Path) -> None:
    (found,) = ntfs.changed_by(
        lambda raw: _write(
            raw, lambda volume: volume.link("/Windows/d02/f001.bin", "/Windows/d03/linked.bin")
        ),
        tmp_path,
    )
    assert (found.kind, found.name) == (Kind.ADDED, "c:\\windows\\d03\\linked.bin")


def test_a_volume_behind_a_partition_table_is_compared_with_the_same_one(dead_machine: DeadMachine) -> None:
    with Overlay(dead_machine.overlay) as overlay:
        found = overlay.difference()
    assert set(found.files) >= {"Windows/MEMORY.DMP", "Windows/state.txt", "ProgramData/Agent/logs/b.log"}
    assert not any(path.startswith("Windows/many/") for path in found.files)


def test_a_disk_that_is_no_overlay_is_said_to_be_none(dead_machine: DeadMachine, tmp_path: Path) -> None:
    with pytest.raises(NotADisk, match="no image lies behind it"):
        Overlay(dead_machine.base)
    other = tmp_path / "fat.raw"
    making.run("mkfs.ext4", "-q", "-F", str(other), "8M")
    base = making.qcow2(tmp_path / "base.qcow2", other)
    empty = tmp_path / "empty.qcow2"
    making.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "qcow2", str(empty))
    assert disk_changes(empty, drive_c="/var/lib/prefix/drive_c").changes == ()
    with pytest.raises((FilesystemUnknown, NotADisk)):
        Overlay(other)
