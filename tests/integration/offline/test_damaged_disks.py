"""Damaged disks end in a sentence, never in a crash or a hang of the interpreter."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, HarnessError
from harness.offline import image
from harness.offline.collect import collect
from harness.offline.disk import OfflineDisk, open_disk
from harness.offline.errors import DiskUnreadable, NotADisk
from tests.integration.offline import making
from tests.integration.offline.conftest import DeadMachine
from tests.programs import bounded

pytestmark = pytest.mark.libvirt
MUTANTS = 40


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    at = tmp_path_factory.mktemp("damaged")
    ntfs = making.ntfs(at / "ntfs.raw", {"/Windows/a.txt": b"a" * 5000}, size=4 * making.MIB)
    (at / "tree" / "etc").mkdir(parents=True)
    (at / "tree" / "etc" / "a.txt").write_bytes(b"a" * 5000)
    ext4 = at / "ext4.raw"
    making.run("mke2fs", "-q", "-t", "ext4", "-d", str(at / "tree"), "-F", str(ext4), "4M")
    return ntfs, ext4


def _walk(disk: OfflineDisk) -> None:
    for volume in disk.volumes:
        for facts in volume.listdir("/"):
            if facts.is_directory:
                volume.listdir(f"/{facts.name}")
        for path in volume.glob("/*/*"):
            volume.read(path, making.MIB)


@pytest.mark.parametrize("which", [0, 1], ids=["ntfs", "ext4"])
def test_randomly_damaged_and_truncated_filesystems_answer_or_say_why_not(
    volumes: tuple[Path, Path], tmp_path: Path, which: int
) -> None:
    good = volumes[which].read_bytes()
    used = [at for at in range(0, len(good), 512) if any(good[at : at + 512])]
    dice = random.Random(which)
    bad, refused = tmp_path / "bad.raw", list[str]()
    for _ in range(MUTANTS):
        data = bytearray(good)
        for _ in range(dice.choice([1, 10, 100, 1000])):
            data[dice.choice(used) + dice.randrange(512)] = dice.choice([0, 255, dice.randrange(256)])
        bad.write_bytes(data[: dice.choice([len(data), len(data), dice.randrange(1, len(data))])])
        try:
            with open_disk(bad) as disk:
                _walk(disk)
        except HarnessError as error:
            refused.append(str(error))
    assert all(str(bad) in sentence for sentence in refused)
    assert 0 < len(refused) < MUTANTS  # some damage is fatal, some is not; the test saw both


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:70_000],
        lambda data: data[:20],
        lambda data: data[:8] + b"\xff" * 60 + data[68:],
        lambda data: data[:196_608] + b"\x7f" * 65_536 + data[262_144:],
    ],
    ids=["truncated", "header only", "header overwritten", "tables overwritten"],
)
def test_a_damaged_qcow2_is_refused_with_its_name(
    dead_machine: DeadMachine, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    bad = tmp_path / "bad.qcow2"
    bad.write_bytes(damage(dead_machine.overlay.read_bytes()))
    with pytest.raises((DiskUnreadable, NotADisk), match=r"bad\.qcow2"), open_disk(bad) as disk:
        disk.read(r"C:\Windows\MEMORY.DMP", 1 << 30)


def test_a_destroyed_partition_table_is_told_from_none_at_all(tmp_path: Path) -> None:
    bad = tmp_path / "bad.raw"
    bad.write_bytes(bytes(512) + b"EFI PART" + b"\xff" * 4096 + bytes(making.MIB))
    with pytest.raises(DiskUnreadable, match=r"The partition table on .*bad\.raw cannot be read"):
        open_disk(bad)


def test_a_block_server_that_dies_says_nothing_about_the_image(
    dead_machine: DeadMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "SERVE", "exit 1")
    with pytest.raises(DiskUnreadable, match=r"overlay\.qcow2 \(qcow2\) cannot be opened: the block server"):
        open_disk(dead_machine.overlay)


def test_reading_that_takes_too_long_ends(dead_machine: DeadMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_disk(dead_machine.overlay) as disk:
        volume = disk.volumes[2]
        past = Deadline(at_s=0.0, length_s=60.0)
        monkeypatch.setattr(Deadline, "after", lambda _: past)
        with pytest.raises(DeadlineExceeded, match=r"Reading .*overlay\.qcow2 did not happen within 60 s"):
            volume.listdir(r"C:\Windows")


def test_evidence_of_a_damaged_disk_is_what_can_be_read_and_why_not_the_rest(
    dead_machine: DeadMachine, tmp_path: Path
) -> None:
    with open_disk(dead_machine.overlay) as disk:
        os.kill(disk.server_pid, signal.SIGKILL)  # nothing can be read any more
        saved = collect(disk, [r"C:\Windows\MEMORY.DMP"], tmp_path)
    assert [item.path for item in saved] == ["offline-disk.txt"]
    assert "overlay.qcow2 cannot be read: the block server" in (tmp_path / "offline-disk.txt").read_text()


def test_a_killed_harness_leaves_no_process_behind(dead_machine: DeadMachine) -> None:
    program = (
        "import sys, pathlib; from harness.offline.disk import open_disk\n"
        "disk = open_disk(pathlib.Path(sys.argv[1])); print(disk.server_pid, flush=True); sys.stdin.read()"
    )
    with bounded(
        subprocess.Popen(
            [sys.executable, "-c", program, str(dead_machine.overlay)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    ) as harness:
        assert harness.stdout is not None
        server = Path("/proc") / harness.stdout.readline().decode().strip()
        assert b"qemu-nbd" in (server / "cmdline").read_bytes()
        harness.kill()

    def ended() -> bool:
        try:
            return (server / "cmdline").read_bytes() == b""  # gone, or a zombie that waits for its reaper
        except (FileNotFoundError, ProcessLookupError):
            return True

    Deadline.after(10).poll(ended, "The end of the block server")
