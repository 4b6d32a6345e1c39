"""Images in the store, and the seals that keep them honest."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.machines.intent import Intent, Owner
from harness.machines.libvirt.clone.stored_template import RECORD, TemplateRecord
from harness.machines.libvirt.image.manifest import Hardware, ImageManifest, WinRMEndpoint
from harness.machines.libvirt.image.seal import broken_seals, digest_files
from harness.machines.libvirt.image.store import ImageStore, StoredImage
from harness.machines.libvirt.options import CloneMethod
from harness.machines.libvirt.preparation import Preparation
from harness.machines.libvirt.prune import prune
from harness.model.errors import ConfigurationError
from harness.model.matrix import Pool
from harness.model.substrate import GuestSystem, Substrate
from harness.state import StateDirectory

BUILT = datetime(2026, 1, 1, tzinfo=UTC)


def admit(store: ImageStore, content: bytes, built: datetime = BUILT) -> StoredImage:
    working = store.working_directory("win")
    (working / "disk.qcow2").write_bytes(content)
    manifest = ImageManifest(
        name="win",
        guest_system=GuestSystem.WINDOWS,
        recipe_digest="a" * 64,
        built=built,
        files=digest_files(working, ["disk.qcow2"]),
        hardware=Hardware(),
        winrm=WinRMEndpoint(port=5986, username="bvt", tls=True),
    )
    return store.admit(working, manifest)


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(StateDirectory(tmp_path))


def test_an_admitted_image_is_found_and_verifies(store: ImageStore) -> None:
    image = admit(store, b"disk")
    found = store.find("win")
    assert found is not None
    assert found.manifest.digest == image.manifest.digest
    found.verify()
    found.verify(thorough=True)
    assert store.names() == ["win"]
    assert store.find("win", "b" * 64) is None


def test_the_newest_of_several_is_taken_and_the_rest_pruned(store: ImageStore) -> None:
    old = admit(store, b"old")
    new = admit(store, b"new", BUILT + timedelta(days=1))
    found = store.find("win")
    assert found is not None
    assert found.directory == new.directory
    assert store.prune("win") == [old.directory]
    assert not old.directory.exists()


def test_the_digest_follows_the_content_and_not_the_date(store: ImageStore) -> None:
    first = admit(store, b"same")
    later = admit(store, b"same", BUILT + timedelta(days=1))
    other = admit(store, b"other")
    assert first.manifest.digest == later.manifest.digest != other.manifest.digest


def test_a_changed_image_is_refused(store: ImageStore) -> None:
    image = admit(store, b"disk")
    image.verify()
    image.disk.write_bytes(b"dusk")
    with pytest.raises(ConfigurationError, match=r"disk\.qcow2 has SHA-256"):
        image.verify()


def test_a_missing_file_is_refused(store: ImageStore) -> None:
    image = admit(store, b"disk")
    image.disk.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        image.verify()


def test_setting_the_times_back_does_not_hide_a_change(tmp_path: Path) -> None:
    path = tmp_path / "ram"
    path.write_bytes(b"aaaa")
    seals = digest_files(tmp_path, ["ram"])
    before = path.stat()
    path.write_bytes(b"bbbb")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert broken_seals(tmp_path, seals)


def test_an_untouched_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ram").write_bytes(b"aaaa")
    seals = digest_files(tmp_path, ["ram"])
    monkeypatch.setattr(
        "harness.machines.libvirt.image.seal.digest_file", lambda path: pytest.fail(f"{path} read")
    )
    assert broken_seals(tmp_path, seals) == []


def test_a_directory_without_a_manifest_is_no_image(store: ImageStore) -> None:
    (store.root / "win" / "half").mkdir(parents=True)
    assert store.find("win") is None
    (store.root / "win" / "half" / "manifest.json").write_text("{")
    assert store.find("win") is None


def template_of(storage: Path, image: StoredImage, key: str) -> Path:
    directory = storage / "templates" / "win" / key
    directory.mkdir(parents=True)
    record = TemplateRecord(
        key=key,
        image_digest=image.manifest.digest,
        method=CloneMethod.RAM,
        built=BUILT,
        build_s=1,
        files={},
    )
    (directory / RECORD).write_text(record.model_dump_json())
    return directory


def test_what_a_newer_image_replaced_goes_unless_a_machine_stands_on_it(
    store: ImageStore, tmp_path: Path
) -> None:
    images = [admit(store, bytes([day]), BUILT + timedelta(days=day)) for day in range(4)]
    templates = [template_of(tmp_path, image, str(n)) for n, image in enumerate(images)]
    machine = Intent(
        machine_id="bvt-1",
        provider="libvirt",
        run_id="r",
        owner=Owner.this_process(),
        created=BUILT,
        resources={"image": images[0].manifest.digest},
    )
    removed = prune(store, tmp_path, "win", [machine])
    assert set(removed) == {templates[1], images[1].directory}
    assert [path.exists() for path in templates] == [True, False, True, True]
    assert [image.directory.exists() for image in images] == [True, False, True, True]


def test_a_pool_whose_machines_are_too_small_for_the_image_is_refused(store: ImageStore) -> None:
    image = admit(store, b"disk")
    substrates = (Substrate.TCG,)
    small = Preparation(Pool(provider="libvirt", substrates=substrates, memory_mb=256), store.state)
    with pytest.raises(ConfigurationError, match="memory_mb: image 'win' needs machines with 512 MiB, and"):
        small.require_memory(image)
    Preparation(Pool(provider="libvirt", substrates=substrates, memory_mb=512), store.state).require_memory(
        image
    )


def test_a_build_has_a_directory_of_its_own_and_removes_what_killed_ones_left(store: ImageStore) -> None:
    killed = store.working_directory("win", "bvt-1")
    (store.root / "win" / "building").mkdir()  # as an earlier version called it
    (killed / "answer.iso").touch()
    live = store.working_directory("win", "bvt-2")
    assert live == store.building("win", "bvt-2") != killed
    assert [path.name for path in (store.root / "win").iterdir()] == ["building-bvt-2"]
    assert store.working_directory("win").name not in ("building-bvt-1", "building-bvt-2")
