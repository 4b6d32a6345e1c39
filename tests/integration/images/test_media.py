"""Installation media, built by xorriso and read back by it."""

import shutil
from pathlib import Path

import pytest

from harness.images.first_boot import first_boot_script
from harness.images.media_tree import build_media, check_media, files_on, media_tree
from harness.images.virtio_media import fitted
from harness.model.errors import ConfigurationError, InfrastructureError
from tests.integration.images.dummy_media import virtio_iso
from tests.unit.images.catalogues import signed_for_tests
from tests.unit.images.samples import ACCOUNT, BUILD_ID, NAMES, certificate, recipe, signer

pytestmark = pytest.mark.skipif(shutil.which("xorriso") is None, reason="xorriso is not installed")

PROBE = {"bvt/probe-publisher.cer", "bvt/probe-root.cer"}


def tree(name: str) -> dict[str, bytes]:
    return media_tree(recipe(name), recipe(name).edition(None), ACCOUNT, certificate(), BUILD_ID, 1, signer())


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_media_hold_exactly_what_was_rendered(name: str, tmp_path: Path) -> None:
    iso = tmp_path / "answer.iso"
    digests = build_media(tree(name), iso)
    assert set(digests) == {"autounattend.xml", "bvt/first-boot.ps1", "bvt/winrm.pfx", *PROBE}
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


def test_a_virtio_iso_with_all_drivers_will_do(tmp_path: Path) -> None:
    said: list[str] = []
    for name in ("win7-sp1", "server-2025"):
        iso = virtio_iso(tmp_path / name, recipe(name))
        assert fitted(recipe(name), iso, said.append) is recipe(name)
    assert said == []


def test_a_virtio_iso_without_a_driver_of_that_version_is_refused(tmp_path: Path) -> None:
    iso = virtio_iso(tmp_path, recipe("win7-sp1"), without="NetKVM/w7/amd64/netkvm.inf")
    with pytest.raises(
        ConfigurationError, match=r"lacks NetKVM/w7/amd64/netkvm\.inf, which image win7-sp1 needs"
    ):
        fitted(recipe("win7-sp1"), iso, lambda _: None)


def test_an_optional_driver_that_is_not_there_is_left_out_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    win10 = recipe("win10-22h2")
    found = fitted(win10, virtio_iso(tmp_path, win10, without="fwcfg"), said.append)
    assert [driver.name for driver in win10.drivers if driver not in found.drivers] == ["fwcfg"]
    assert said == ["win10-22h2: driver fwcfg is left out: fwcfg/w10/amd64/fwcfg.inf is not on virtio.iso"]
    assert "fwcfg" not in first_boot_script(found, ACCOUNT, certificate(), BUILD_ID).decode("utf-8-sig")


def test_drivers_that_are_only_test_signed_are_refused_or_left_out(tmp_path: Path) -> None:
    win81, said = recipe("win81"), list[str]()
    iso = virtio_iso(
        tmp_path / "1", win81, signed={"vioserial": signed_for_tests(), "fwcfg": signed_for_tests()}
    )
    with pytest.raises(ConfigurationError) as refused:
        fitted(win81, iso, said.append)
    for words in (
        "vioserial/w8.1/amd64/vioser.cat has only a test signature, signer 'Red Hat Inc.'",
        "0.1.215",
    ):
        assert words in str(refused.value)
    assert "fwcfg" not in str(refused.value)  # that one is no reason
    found = fitted(
        win81, virtio_iso(tmp_path / "2", win81, signed={"fwcfg": signed_for_tests()}), said.append
    )
    assert [driver.name for driver in found.drivers] == ["vioserial"]
    assert "driver fwcfg is left out: fwcfg/w8.1/amd64/fwcfg.cat has only a test signature" in said[0]


def test_a_file_that_is_no_iso_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "virtio.iso"
    with pytest.raises(ConfigurationError, match="no such file"):
        fitted(recipe("win7-sp1"), path, lambda _: None)
    path.write_bytes(b"nothing")
    with pytest.raises(ConfigurationError, match="virtio-iso"):
        fitted(recipe("win7-sp1"), path, lambda _: None)
