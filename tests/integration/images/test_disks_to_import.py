"""A disk that is no disk image, or not a whole one, never becomes an image."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harness.cli.main import application
from harness.machines.libvirt.image.store import ImageStore
from harness.state import StateDirectory
from tests.integration.offline import making

pytestmark = pytest.mark.libvirt
DESCRIPTION = (
    "hardware: {machine: q35, firmware: uefi, disk_bus: sata, panic_model: hyperv}\n"
    "winrm: {port: 5985, username: bvt, tls: false}\n"
    "changes: [WinRM over HTTP]\n"
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageStore:
    monkeypatch.setenv("BVT_HOME", str(tmp_path / "home"))
    return ImageStore(StateDirectory.default())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A volume in a raw disk, with a file that fills much of it."""
    at = tmp_path_factory.mktemp("whole")
    return making.ntfs(at / "disk.raw", {"/Windows/large.bin": os.urandom(2 * making.MIB)})


def imported(disk: Path) -> Result:
    description = disk.with_name("import.yaml")
    description.write_text(DESCRIPTION)
    line = ["image", "import", "mine", str(disk), "--manifest", str(description)]
    return CliRunner().invoke(application(line), line)


def of_kind(whole: Path, kind: str, place: Path) -> Path:
    path = place / f"disk.{kind}"
    driver = {"vhd": "vpc", "img": "raw"}.get(kind, kind)
    making.run("qemu-img", "convert", "-q", "-f", "raw", "-O", driver, str(whole), str(path))
    return path


KINDS = ("qcow2", "vhdx", "vhd", "vmdk", "img")


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_disk_is_taken_in(store: ImageStore, whole: Path, tmp_path: Path, kind: str) -> None:
    done = imported(of_kind(whole, kind, tmp_path))
    assert done.exit_code == 0, done.stderr
    assert store.names() == ["mine"]


def empty(disk: Path) -> None:
    disk.write_bytes(b"")


def text(disk: Path) -> None:
    disk.write_text("a shopping list")


def half(disk: Path) -> None:
    os.truncate(disk, disk.stat().st_size // 2)


@pytest.mark.parametrize("spoil", [empty, text, half])
@pytest.mark.parametrize("kind", KINDS)
def test_any_other_is_one_sentence_and_2(
    store: ImageStore, whole: Path, tmp_path: Path, kind: str, spoil: Callable[[Path], None]
) -> None:
    disk = of_kind(whole, kind, tmp_path)
    spoil(disk)
    done = imported(disk)
    assert done.exit_code == 2, done.stderr
    assert done.stderr.startswith(f"bvt: {disk}: ")
    assert done.stderr.count("\n") == 1
    assert store.names() == []
