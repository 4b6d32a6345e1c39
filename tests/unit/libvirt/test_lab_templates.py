"""Templates: which one fits, which ones go, and what the doctor says of them."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.machines.intent import Intent, Owner
from harness.machines.libvirt.doctor import _clones
from harness.machines.libvirt.host import Host
from harness.machines.libvirt.images.manifest import Hardware, ImageManifest, WinRMEndpoint
from harness.machines.libvirt.images.store import ImageStore, StoredImage
from harness.machines.libvirt.options import CloneMethod
from harness.machines.libvirt.preparation import Preparation
from harness.machines.libvirt.prune import sweep
from harness.machines.libvirt.seal import digest_files
from harness.machines.libvirt.template import RECORD, USED, TemplateMaker, TemplateRecord
from harness.model.errors import InfrastructureError
from harness.model.matrix import HostLimits, Pool
from harness.model.substrate import GuestSystem, Substrate
from harness.state import StateDirectory

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


def names(removed: list[Path]) -> set[str]:
    return {path.name for path in removed}


def test_templates_that_nothing_used_for_14_days_go(
    store: ImageStore, template: MakeTemplate, image: StoredImage
) -> None:
    old = NOW - timedelta(days=60)
    template("fresh", used_days_ago=13, built=old)
    template("forgotten", used_days_ago=15, built=old)
    template("new")
    template("never-used", built=old)
    root = store.state.root
    machine = Intent(
        machine_id="bvt-1",
        provider="libvirt",
        run_id="r",
        owner=Owner.this_process(),
        created=NOW,
        resources={"image": image.manifest.digest},
    )
    assert sweep(store, root, [machine], NOW) == []
    assert names(sweep(store, root, [], NOW)) == {"forgotten", "never-used"}
    assert sweep(store, root, [], NOW) == []


def test_templates_whose_image_is_gone_go_at_once(
    store: ImageStore, template: MakeTemplate, tmp_path: Path
) -> None:
    template("whole", used_days_ago=0)
    template("gone", used_days_ago=0, image_disk=tmp_path / "gone.qcow2")
    template("earlier", used_days_ago=0, image_disk=None, made_for={})
    template("earlier-gone", used_days_ago=0, image_disk=None, image_digest="f" * 64)
    assert names(sweep(store, store.state.root, [], NOW)) == {"gone", "earlier-gone"}


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
