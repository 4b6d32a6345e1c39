"""Templates: which one fits, which ones go, and what the doctor says of them."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.file_lock import held
from harness.machines.intent import Intent, Owner
from harness.machines.libvirt.clone.stored_template import RECORD, USED, TemplateRecord, build_lock
from harness.machines.libvirt.clone.template import TemplateMaker
from harness.machines.libvirt.doctor import _clones
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.image.debian_base import base_name
from harness.machines.libvirt.image.manifest import Hardware, ImageManifest, WinRMEndpoint
from harness.machines.libvirt.image.recipe import load_wine_guest, recipe_directory
from harness.machines.libvirt.image.seal import digest_files
from harness.machines.libvirt.image.store import ImageStore, StoredImage
from harness.machines.libvirt.options import CloneMethod
from harness.machines.libvirt.preparation import Preparation
from harness.machines.libvirt.prune import remove_stale, stale
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError
from harness.model.matrix import HostLimits, Pool
from harness.model.substrate import GuestSystem, Substrate
from harness.state import StateDirectory
from tests.programs import bounded

NOW = datetime(2026, 6, 1, tzinfo=UTC)
URI = "private:lab"
MakeTemplate = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(StateDirectory(tmp_path))


@pytest.fixture
def image(store: ImageStore) -> StoredImage:
    working = store.working_directory("win")
    (working / "disk.qcow2").write_bytes(b"disk")
    manifest = ImageManifest(
        name="win",
        guest_system=GuestSystem.WINDOWS,
        recipe_digest="a" * 64,
        built=NOW,
        files=digest_files(working, ["disk.qcow2"]),
        hardware=Hardware(),
        winrm=WinRMEndpoint(port=5986, username="bvt", tls=True),
    )
    return store.admit(working, manifest)


@pytest.fixture
def preparation(store: ImageStore) -> Preparation:
    options = {"acceleration": "tcg"}
    pool = Pool(
        provider="libvirt", substrates=(Substrate.TCG,), hosts=(HostLimits(uri=URI),), options=options
    )
    return Preparation(pool, store.state)


@pytest.fixture
def host(store: ImageStore, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(Host, "versions", lambda _self: "QEMU 7.2.0, libvirt 9.0.0")
    return Host(URI, store.state)


@pytest.fixture
def ram(preparation: Preparation, host: Host, image: StoredImage) -> TemplateMaker:
    return preparation.maker(host, image, CloneMethod.RAM, 1024, 1)


@pytest.fixture
def template(ram: TemplateMaker, image: StoredImage) -> MakeTemplate:
    def make(
        name: str = "", *, used_days_ago: int | None = None, built: datetime = NOW, **changes: object
    ) -> Path:
        record = TemplateRecord(
            key=ram.key,
            image_digest=image.manifest.digest,
            method=CloneMethod.RAM,
            built=built,
            build_s=30,
            files={},
            image_disk=image.disk,
            made_for=ram._made_for(),
        ).model_copy(update=changes)
        directory = ram.directory.with_name(name) if name else ram.directory
        directory.mkdir(parents=True)
        (directory / RECORD).write_text(record.model_dump_json())
        if used_days_ago is not None:
            (directory / USED).touch()
            at = (NOW - timedelta(days=used_days_ago)).timestamp()
            os.utime(directory / USED, (at, at))
        return directory

    return make


def sweep(store: ImageStore, *intents: Intent) -> dict[str, str]:
    """Remove what is stale: why, by name."""
    found = stale(store, store.state.root, intents, NOW)
    assert all(remove_stale(left, store, lambda: intents, NOW) for left in found)
    assert not any(left.path.exists() for left in found)
    return {left.path.name: left.reason for left in found}


def test_templates_that_nothing_used_for_14_days_go(
    store: ImageStore, template: MakeTemplate, image: StoredImage
) -> None:
    old = NOW - timedelta(days=60)
    template("fresh", used_days_ago=13, built=old)
    template("forgotten", used_days_ago=15, built=old)
    template("new")
    template("never-used", built=old)
    machine = Intent(
        machine_id="bvt-1",
        provider="libvirt",
        run_id="r",
        owner=Owner.this_process(),
        created=NOW,
        resources={"image": image.manifest.digest},
    )
    assert sweep(store, machine) == {}
    assert sweep(store) == dict.fromkeys(["forgotten", "never-used"], "nothing has used it for 14 days")
    assert sweep(store) == {}


def test_templates_whose_image_is_gone_go_at_once(
    store: ImageStore, template: MakeTemplate, tmp_path: Path
) -> None:
    template("whole", used_days_ago=0)
    template("gone", used_days_ago=0, image_disk=tmp_path / "gone.qcow2")
    template("earlier", used_days_ago=0, image_disk=None, made_for={})
    template("earlier-gone", used_days_ago=0, image_disk=None, image_digest="f" * 64)
    assert sweep(store) == dict.fromkeys(["gone", "earlier-gone"], "the image under it is gone")


def test_templates_of_an_image_that_two_newer_ones_replaced_go_at_once(
    store: ImageStore, image: StoredImage, template: MakeTemplate
) -> None:
    template("first", used_days_ago=0)
    for number in (1, 2):
        assert sweep(store) == {}
        working = store.working_directory("win")
        (working / "disk.qcow2").write_bytes(b"disk %d" % number)
        files = digest_files(working, ["disk.qcow2"])
        built = NOW + timedelta(hours=number)
        store.admit(working, image.manifest.model_copy(update={"files": files, "built": built}))
    assert sweep(store) == {"first": "2 newer images of its name exist"}


def aged(path: Path, **ago: float) -> Path:
    at = (NOW - timedelta(**ago)).timestamp()
    os.utime(path, (at, at))
    return path


def test_remains_of_templates_go_unless_they_are_in_work(store: ImageStore, ram: TemplateMaker) -> None:
    place = ram.directory.parent
    for name in ("0.bvt-1", "0.bvt-2", "0.removed-17", "later"):
        (place / name).mkdir(parents=True)
    (place / "later" / RECORD).write_text('{"schema_version": 2}')
    for path in place.iterdir():
        aged(path, hours=2)
    (place / "0.bvt-3").mkdir()
    aged(place / "0.bvt-3", minutes=2)
    builder = Intent(
        machine_id="bvt-1",
        provider="libvirt",
        run_id="template",
        owner=Owner.this_process(),
        created=NOW,
        resources={"directory": str(place / "0.bvt-1")},
    )
    assert set(sweep(store, builder)) == {"0.bvt-2", "0.removed-17"}
    assert {path.name for path in place.iterdir() if path.is_dir()} == {"0.bvt-1", "0.bvt-3", "later"}


def test_what_a_killed_builder_left_goes_at_once_and_what_is_being_built_stays(
    store: ImageStore, ram: TemplateMaker
) -> None:
    template = ram.directory.with_name(f"{ram.key[:16]}.bvt-0123456789")
    image = store.building("win", "bvt-0123456789")
    for path, lock in ((template, build_lock(ram.directory)), (image, image.with_name("lock"))):
        path.mkdir(parents=True)
        builder = Intent(
            machine_id="bvt-0123456789",
            provider="libvirt",
            run_id="template",
            owner=Owner.this_process(),
            created=NOW,
            resources={"directory": str(path)},
        )
        (found,) = stale(store, store.state.root, [], NOW)
        assert (found.path, found.reason) == (path, "whoever made or removed it was killed")
        assert stale(store, store.state.root, [builder], NOW) == []
        assert stale(store, store.state.root, [builder], NOW, gone=["bvt-0123456789"]) == []
        with held(lock, "builds it", Deadline.after(0)):
            assert stale(store, store.state.root, [], NOW) == []
            assert not remove_stale(found, store, list, NOW)
        assert not remove_stale(found, store, [builder].copy, NOW)
        sleep = ["sleep", "60"]
        with (path / "disk.qcow2").open("w") as disk, bounded(subprocess.Popen(sleep, stdout=disk)) as user:
            assert not remove_stale(found, store, list, NOW)
            user.kill()
        assert remove_stale(found, store, list, NOW)
        assert not path.exists()


def test_a_template_that_is_used_or_built_again_meanwhile_stays(
    store: ImageStore, template: MakeTemplate
) -> None:
    old = NOW - timedelta(days=60)
    used, built = template("used", built=old), template("built", built=old)
    first, second = stale(store, store.state.root, [], NOW)
    with held(build_lock(built), "builds it", Deadline.after(0)):
        assert not remove_stale(first, store, list, NOW)
    (used / USED).touch()
    assert not remove_stale(second, store, list, NOW)
    assert used.exists()
    assert built.exists()


def test_what_another_process_removes_meanwhile_is_no_error(
    store: ImageStore, template: MakeTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    template("old", built=NOW - timedelta(days=60))

    def vanished(*_: object) -> datetime:
        raise FileNotFoundError

    monkeypatch.setattr("harness.machines.libvirt.prune.last_use", vanished)
    assert stale(store, store.state.root, [], NOW) == []


def test_notes_and_base_trees_of_earlier_recipes_go_after_14_days(store: ImageStore) -> None:
    notes, home = store.state.part("templates", "win"), store.root / "wine-guest"
    current = base_name(load_wine_guest(recipe_directory("wine-guest")))
    for name in (current, "base-0000000000000000", "base-1111111111111111", "base-building"):
        (home / name).mkdir(parents=True)
        aged(home / name, days=15)
    aged(home / "base-1111111111111111", days=13)
    for name, days in (("0.why", 15), ("1.why", 13)):
        (notes / name).touch()
        aged(notes / name, days=days)
    assert set(sweep(store)) == {"0.why", "base-0000000000000000", "base-building"}


def test_a_use_is_noted_and_a_template_without_its_image_is_not_used(
    ram: TemplateMaker, template: MakeTemplate, tmp_path: Path
) -> None:
    directory = template()
    assert ram.ensure(lambda _: None).directory == directory
    assert (directory / USED).exists()
    shutil.rmtree(directory)
    template(image_disk=tmp_path / "gone.qcow2")
    assert ram.find() is None


def clones(preparation: Preparation, image: StoredImage, host: Host) -> list[str]:
    found = _clones(preparation, image, host, "clones of win")
    return [f"{finding.subject}: {finding.detail}" for finding in found]


def test_the_doctor_says_which_template_fits(
    preparation: Preparation, image: StoredImage, host: Host, ram: TemplateMaker, template: MakeTemplate
) -> None:
    assert "no template fits; the next run tries ram, state, boot" in clones(preparation, image, host)[0]
    template()
    made_for = ram._made_for() | {"hypervisor": "QEMU 6.0.0, libvirt 8.0.0"}
    template("0123456789abcdef", key="0" * 64, made_for=made_for, used_days_ago=1)
    template("bigger", key="1" * 64, made_for=ram._made_for() | {"shape": "another"})
    template("earlier", key="2" * 64, made_for={})
    first, *others = clones(preparation, image, host)
    assert first == "clones of win: ram, proven by a clone on 2026-06-01, built in 30 s"
    assert others[0].startswith("ram template 01234567 of win: does not fit this pool: made on QEMU 6.0.0, ")
    assert "now QEMU 7.2.0, libvirt 9.0.0" in others[0]
    assert "removed after 2026-06-14 if nothing uses it" in others[0]
    assert "another kind of machine" in others[1]
    assert "made by an earlier version" in others[2]


def test_the_doctor_says_why_no_faster_way_is_taken(
    preparation: Preparation, image: StoredImage, host: Host, ram: TemplateMaker, template: MakeTemplate
) -> None:
    ram.directory.parent.mkdir(parents=True)
    ram.note_failure("QEMU refused migrate-incoming: no.")
    state = preparation.maker(host, image, CloneMethod.STATE, 1024, 1)
    template(state.directory.name, key=state.key, method=CloneMethod.STATE)
    (only,) = clones(preparation, image, host)
    assert only.startswith("clones of win: state, proven by a clone on 2026-06-01")
    assert "(ram did not work when last tried: QEMU refused migrate-incoming: no.)" in only


def test_a_failed_template_leaves_its_reason(
    preparation: Preparation,
    image: StoredImage,
    host: Host,
    ram: TemplateMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(maker: TemplateMaker, _progress: object) -> None:
        raise InfrastructureError(f"no {maker.method} here")

    monkeypatch.setattr(TemplateMaker, "_build", fail)
    said: list[str] = []
    assert preparation.choose_method(host, image, said.append).method is CloneMethod.BOOT
    assert ram.failure == "no ram here"
    assert "state did not work when last tried: no state here" in clones(preparation, image, host)[0]
