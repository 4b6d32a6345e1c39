"""Volumes whose own numbers lead far beyond them, or in circles: one sentence, soon, and in little memory."""

import inspect
import resource
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.model.errors import DeadlineExceeded, HarnessError
from harness.offline import window
from harness.offline.difference import Overlay
from harness.offline.superblock import SUPERBLOCK
from tests.integration.offline import making

pytestmark = pytest.mark.libvirt
MIB = making.MIB


@pytest.fixture(scope="module")
def ext4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("misleading")
    (at / "tree" / "etc").mkdir(parents=True)
    (at / "tree" / "etc" / "a.txt").write_bytes(b"a" * 5000)
    raw = at / "ext4.raw"
    making.run("mke2fs", "-q", "-t", "ext4", "-b", "1024", "-d", str(at / "tree"), "-F", str(raw), "8M")
    return raw


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Not as much as a list of what such numbers say would take."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 512 * MIB, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def superblock(form: str, at: int, value: int) -> Callable[[bytearray], None]:
    def change(disk: bytearray) -> None:
        struct.pack_into(form, disk, SUPERBLOCK + at, value)

    return change


def differing(tmp_path: Path, raw: Path, change: Callable[[bytearray], None]) -> Overlay:
    """The volume, and what became of it."""
    base, copy = making.qcow2(tmp_path / "base.qcow2", raw), tmp_path / "changed.raw"
    data = bytearray(raw.read_bytes())
    change(data)
    copy.write_bytes(data)
    return Overlay(making.overlay_of(tmp_path / "overlay.qcow2", base, copy))


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (superblock("<I", 4, 0xFFFFFFFF), "it has more blocks than its volume"),
        (superblock("<I", 4, 0), "it has more blocks than its volume"),
        (superblock("<I", 32, 1), "its groups or inodes have no sensible size"),
        (superblock("<I", 40, 0xFFFFFFFF), "its groups or inodes have no sensible size"),
    ],
    ids=["blocks", "no blocks", "blocks of a group", "inodes of a group"],
)
def test_numbers_of_a_superblock_are_not_believed(
    ext4: Path, tmp_path: Path, change: Callable[[bytearray], None], said: str
) -> None:
    with differing(tmp_path, ext4, change) as overlay, pytest.raises(HarnessError, match=said):
        overlay.difference("/etc")


def holes(tmp_path: Path, kind: str) -> Overlay:
    """A file of a terabyte in which nothing was ever written was added."""
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    raw, copy = tmp_path / "was.raw", tmp_path / "now.raw"
    for path in (raw, copy):
        if path == copy:
            with (tree / "etc" / "huge.bin").open("wb") as file:
                file.truncate(1 << 40)
        making.run("mke2fs", "-q", "-t", kind, "-b", "4096", "-d", str(tree), "-F", str(path), "8M")
    return Overlay(
        making.overlay_of(tmp_path / "overlay.qcow2", making.qcow2(tmp_path / "base.qcow2", raw), copy)
    )


def test_a_hole_of_a_terabyte_takes_no_longer_than_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspect.unwrap(window.Window.operation), "__defaults__", (2.0,))
    with holes(tmp_path, "ext4") as overlay, pytest.raises(DeadlineExceeded, match=r"^Reading "):
        overlay.difference("/etc")
