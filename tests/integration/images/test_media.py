"""Installation media, built by xorriso and read back by it."""

import shutil
from pathlib import Path

import pytest

from harness.images.media_tree import build_media, check_media, check_virtio_media, files_on, media_tree
from harness.model.errors import ConfigurationError, InfrastructureError
from tests.integration.images.dummy_media import virtio_iso
from tests.unit.images.samples import ACCOUNT, BUILD_ID, NAMES, certificate, recipe

pytestmark = pytest.mark.skipif(shutil.which("xorriso") is None, reason="xorriso is not installed")


def tree(name: str) -> dict[str, bytes]:
    return media_tree(recipe(name), recipe(name).edition(None), ACCOUNT, certificate(), BUILD_ID, 1)


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_media_hold_exactly_what_was_rendered(name: str, tmp_path: Path) -> None:
    iso = tmp_path / "answer.iso"
    digests = build_media(tree(name), iso)
    assert set(digests) == {"autounattend.xml", "bvt/first-boot.ps1", "bvt/winrm.pfx"}
    assert files_on(iso) == set(digests)
    assert iso.stat().st_mode & 0o077 == 0, "the throw-away password is on it"


def test_media_that_hold_something_else_are_refused_file_by_file(tmp_path: Path) -> None:
    iso = tmp_path / "answer.iso"
    written = tree("win7-sp1")
    build_media(written, iso)
    expected = {**written, "bvt/first-boot.ps1": b"other", "bvt/more.txt": b""}
    del expected["bvt/winrm.pfx"]
    with pytest.raises(InfrastructureError) as refused:
        check_media(iso, expected)
    for said in ("first-boot.ps1 is different", "more.txt is missing", "winrm.pfx does not belong there"):
        assert said in str(refused.value)


@pytest.mark.parametrize("name", ["win7-sp1", "server-2025"])
def test_a_virtio_iso_with_all_drivers_will_do(name: str, tmp_path: Path) -> None:
    check_virtio_media(recipe(name), virtio_iso(tmp_path, recipe(name)))


def test_a_virtio_iso_without_a_driver_of_that_version_is_refused(tmp_path: Path) -> None:
    iso = virtio_iso(tmp_path, recipe("win7-sp1"), without="NetKVM/w7/amd64/netkvm.inf")
    with pytest.raises(
        ConfigurationError, match=r"lacks NetKVM/w7/amd64/netkvm\.inf, which image win7-sp1 needs"
    ):
        check_virtio_media(recipe("win7-sp1"), iso)


def test_a_file_that_is_no_iso_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "virtio.iso"
    with pytest.raises(ConfigurationError, match="no such file"):
        check_virtio_media(recipe("win7-sp1"), path)
    path.write_bytes(b"nothing")
    with pytest.raises(ConfigurationError, match="virtio-iso"):
        check_virtio_media(recipe("win7-sp1"), path)
