"""Files and hives of a Windows machine that does not run, read through its overlay."""

import hashlib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.offline.collect import WINDOWS_PATHS, collect
from harness.offline.disk import open_disk
from harness.offline.errors import NotADisk, NotOnDisk
from harness.offline.hive import open_hive
from tests.integration.offline import making
from tests.integration.offline.conftest import DeadMachine

pytestmark = pytest.mark.libvirt
KEY = r"Microsoft\Windows NT\CurrentVersion"


def test_files_are_the_overlays_where_it_has_them_and_the_images_elsewhere(dead_machine: DeadMachine) -> None:
    with open_disk(dead_machine.overlay) as disk:
        assert disk.read(r"C:\Windows\state.txt", 100) == b"crashed"
        assert disk.read(r"C:\ProgramData\Agent\logs\a.log", 100) == b"first"
        assert disk.read(r"C:\Windows\MEMORY.DMP", 1 << 30) == dead_machine.dump
        assert disk.read(r"C:\Windows\MEMORY.DMP", 8) == b"PAGEDU64"
    with open_disk(dead_machine.base) as disk:
        assert disk.read(r"C:\Windows\state.txt", 100) == b"clean"
        assert not disk.exists(r"C:\Windows\MEMORY.DMP")


def test_the_windows_volume_is_found_among_the_partitions(dead_machine: DeadMachine) -> None:
    with open_disk(dead_machine.overlay) as disk:
        assert [volume.filesystem for volume in disk.volumes] == ["unknown", "ntfs", "ntfs"]
        assert disk.windows_volume is disk.volumes[2]
        assert disk.volumes[1].read(r"\Recovery\winre.txt", 10) == b"re"


def test_a_disk_with_an_mbr_and_one_without_any_table_are_read_alike(tmp_path: Path) -> None:
    volume = making.ntfs(tmp_path / "v.raw", {"/Windows/x.txt": b"here"}, size=4 * making.MIB)
    script = "label: dos\nstart=2048, size=8192, type=7\n"
    whole = making.partitioned(tmp_path / "mbr.raw", script, {2048 * 512: volume}, size=8 * making.MIB)
    for path in (whole, volume):
        with open_disk(path) as disk:
            assert disk.read(r"C:\Windows\x.txt", 10) == b"here"


def test_names_are_found_in_any_case_and_with_either_slash(dead_machine: DeadMachine) -> None:
    with open_disk(dead_machine.overlay) as disk:
        assert disk.read("c:/windows/STATE.TXT", 100) == b"crashed"
        assert disk.exists(r"\WINDOWS\system32\CONFIG")


def test_a_directory_lists_names_sizes_and_times(dead_machine: DeadMachine) -> None:
    with open_disk(dead_machine.overlay) as disk:
        names = {facts.name: facts for facts in disk.listdir(r"C:\Windows")}
        assert set(names) == {"System32", "state.txt", "many", "MEMORY.DMP"}
        assert names["MEMORY.DMP"].size == len(dead_machine.dump)
        assert names["System32"].is_directory
        assert len(disk.listdir(r"C:\Windows\many")) == 300
        modified = disk.stat(r"C:\Windows\state.txt").modified
        assert modified is not None
        assert abs(datetime.now(UTC) - modified) < timedelta(hours=1)
        assert {facts.name for facts in disk.listdir("C:\\")} == {"Windows", "ProgramData"}


def test_what_is_not_there_is_said_with_its_path(dead_machine: DeadMachine) -> None:
    with open_disk(dead_machine.overlay) as disk:
        with pytest.raises(NotOnDisk, match=r"there is no C:\\Windows\\nope\.txt on volume 3"):
            disk.read(r"C:\Windows\nope.txt", 1)
        with pytest.raises(NotOnDisk, match="is a directory"):
            disk.read(r"C:\Windows", 1)
        with pytest.raises(NotOnDisk, match="is a file"):
            disk.listdir(r"C:\Windows\state.txt")
        with pytest.raises(NotOnDisk, match="which volume is D:"):
            disk.read(r"D:\x", 1)


def test_a_hive_answers_keys_and_values(dead_machine: DeadMachine) -> None:
    with open_disk(dead_machine.overlay) as disk:
        hive = open_hive(disk, r"C:\Windows\System32\config\SOFTWARE")
    assert hive.warnings == ()
    assert hive.subkeys() == ("Microsoft",)
    assert hive.subkeys(r"microsoft\WINDOWS NT") == ("CurrentVersion",)
    values = {name: str(hive.value(KEY, name)) for name in ("currentbuild", "UBR", "Lang", "")}
    assert values == {"currentbuild": "22631", "UBR": "4660", "Lang": "en\nde", "": "%SystemRoot%"}
    assert hive.value(KEY, "Nope") is None
    assert hive.value(r"Nope\Nope", "x") is None
    with pytest.raises(NotOnDisk, match="there is no key Nope"):
        hive.subkeys("Nope")


def test_a_hive_of_a_machine_that_died_says_what_it_does_not_show(dead_machine: DeadMachine) -> None:
    with open_disk(dead_machine.overlay) as disk:
        hive = open_hive(disk, r"C:\Windows\System32\config\SYSTEM")
    assert len(hive.warnings) == 2
    assert "is dirty" in hive.warnings[0]
    assert "SYSTEM.LOG1 holds later changes" in hive.warnings[1]
    assert str(hive.value(KEY, "UBR")) == "4660"


def test_evidence_is_the_dump_and_the_logs_with_their_digests(
    dead_machine: DeadMachine, tmp_path: Path
) -> None:
    with open_disk(dead_machine.overlay) as disk:
        saved = collect(disk, [*WINDOWS_PATHS, r"C:\ProgramData\Agent\*\*.log"], tmp_path)
    contents = {evidence.what: (tmp_path / evidence.path).read_bytes() for evidence in saved}
    assert contents == {
        r"C:\Windows\MEMORY.DMP from the stopped disk": dead_machine.dump,
        r"C:\ProgramData\Agent\logs\a.log from the stopped disk": b"first",
        r"C:\ProgramData\Agent\logs\b.log from the stopped disk": b"second",
    }
    assert all(hashlib.sha256(contents[item.what]).hexdigest() == item.sha256 for item in saved)


def test_evidence_cut_at_the_limit_says_so(dead_machine: DeadMachine, tmp_path: Path) -> None:
    with open_disk(dead_machine.overlay) as disk:
        saved = collect(disk, [r"C:\Windows\MEMORY.DMP", "relative.log"], tmp_path, limit_bytes=100)
    assert [(item.size, item.path) for item in saved[:1]] == [(100, "C/Windows/MEMORY.DMP")]
    notes = (tmp_path / saved[1].path).read_text()
    assert "only 100 of 1048584 bytes were saved: the limit was reached" in notes
    assert "'relative.log' is no absolute path" in notes


def test_reading_changes_no_byte_of_the_overlay_or_the_image(
    dead_machine: DeadMachine, tmp_path: Path
) -> None:
    files = (dead_machine.base, dead_machine.overlay)
    before = [(making.digest(path), path.stat().st_mtime_ns) for path in files]
    with open_disk(dead_machine.overlay) as disk:
        collect(disk, [r"C:\Windows\*", r"C:\Windows\many\*"], tmp_path)
        open_hive(disk, r"C:\Windows\System32\config\SYSTEM")
    assert [(making.digest(path), path.stat().st_mtime_ns) for path in files] == before


def test_a_missing_backing_file_is_named(dead_machine: DeadMachine, tmp_path: Path) -> None:
    lone = tmp_path / "lone.qcow2"
    shutil.copy(dead_machine.overlay, lone)
    making.run("qemu-img", "rebase", "-u", "-b", "gone.qcow2", "-F", "qcow2", str(lone))
    with pytest.raises(NotADisk, match=r"lone\.qcow2: this cannot be opened .*gone\.qcow2.*No such file"):
        open_disk(lone)


def test_files_of_alike_or_odd_names_are_kept_apart(tmp_path: Path) -> None:
    files = {"/a/b_c.log": b"1", "/a_b/c.log": b"2", "/a/b c.log": b"3", "/a/b+c.log": b"4"}
    with open_disk(making.ntfs(tmp_path / "v.raw", files, size=4 * making.MIB)) as disk:
        saved = collect(disk, [r"C:\*\*.log"], tmp_path / "into")
    assert {(tmp_path / "into" / item.path).read_bytes() for item in saved} == {b"1", b"2", b"3", b"4"}
    assert "C/a_b/c.log" in {item.path for item in saved}
