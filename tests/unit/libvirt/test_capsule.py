"""Capsules: what is in one, and where one is refused."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from harness.machines.libvirt.clone.capsule import (
    Capsule,
    CapsuleRecord,
    read_capsule,
    seal_capsule,
)
from harness.machines.libvirt.clone.domain import DomainSpec, Memory
from harness.machines.libvirt.host.processor import host_processor
from harness.machines.libvirt.image.manifest import Hardware, ImageManifest, WinRMEndpoint
from harness.machines.libvirt.image.seal import digest_files
from harness.machines.libvirt.image.store import StoredImage
from harness.machines.provider import CAPSULE
from harness.model.errors import ConfigurationError
from harness.model.machine import WinRMAccess
from harness.model.substrate import GuestSystem

HERE = "QEMU 7.2.9, libvirt 9.0.0"


def record(
    directory: Path, *, kvm: bool = False, memory: Memory = Memory.CLONE, processor: str = ""
) -> CapsuleRecord:
    spec = DomainSpec(
        name="bvt-1",
        kvm=kvm,
        hardware=Hardware(),
        memory_mb=1024,
        cpus=1,
        disk=directory / "disk.qcow2",
        media=directory / "media.iso",
        serial_log=directory / "serial.log",
        memory=memory,
        memory_file=Path("/t/ram") if memory is Memory.CLONE else None,
    )
    return CapsuleRecord(
        machine_id="bvt-1",
        cell_id="win11/fresh",
        run_id="r",
        made=datetime.now(UTC),
        image="wine-guest",
        image_digest="0" * 64,
        guest_system=GuestSystem.WINE,
        media_root="D:\\",
        hypervisor=HERE,
        processor=processor or host_processor(),
        spec=spec,
        access=WinRMAccess(
            host="127.0.0.1",
            port=1,
            username="bvt",
            password=SecretStr("s3cret"),
            ca_pem=directory / "winrm.pem",
        ),
        files={},
    )


def test_it_goes_on_as_the_machine_that_it_was_on_a_disk_of_its_own(tmp_path: Path) -> None:
    was = record(tmp_path)
    domain = Capsule(tmp_path, was).domain("bvt-2", Path("/m/disk.qcow2"), Path("/m/serial.log"))
    assert (domain.name, domain.disk, domain.media) == ("bvt-2", Path("/m/disk.qcow2"), tmp_path / "media")
    assert domain.hardware_uuid == was.spec.hardware_uuid  # its RAM says so
    assert (domain.memory, domain.memory_file) == (Memory.CAPSULE, None)
    again = Capsule(tmp_path, was.model_copy(update={"spec": domain})).domain("bvt-3", tmp_path, tmp_path)
    assert (again.hardware_uuid, again.memory) == (was.spec.hardware_uuid, Memory.CAPSULE)


def test_ram_keeps_the_name_by_which_its_qemu_knew_it(tmp_path: Path) -> None:
    booted = Capsule(tmp_path, record(tmp_path, memory=Memory.PLAIN))
    assert booted.domain("bvt-2", tmp_path, tmp_path).memory is Memory.INCOMING


def test_ram_in_a_file_is_mapped_as_a_templates_is(tmp_path: Path) -> None:
    (tmp_path / "ram").write_bytes(b"RAM")
    laid_out = record(tmp_path).model_copy(update={"files": digest_files(tmp_path, ["ram"])})
    domain = Capsule(tmp_path, laid_out).domain("bvt-2", tmp_path, tmp_path)
    assert (domain.memory, domain.memory_file) == (Memory.CLONE, tmp_path / "ram")


@pytest.mark.parametrize(
    ("hypervisor", "made_on", "kvm", "words"),
    [
        ("QEMU 8.0.0, libvirt 9.0.0", {}, True, "made with QEMU 7.2.9, and here is QEMU 8.0.0"),
        (HERE, {"kvm": True}, False, "ran under KVM, which does not work here"),
        (HERE, {"kvm": True, "processor": "model name\t: Another"}, True, r"another processor \(Another\)"),
    ],
)
def test_it_is_refused_where_its_state_would_not_load(
    hypervisor: str, made_on: dict[str, object], kvm: bool, words: str, tmp_path: Path
) -> None:
    capsule = Capsule(tmp_path, record(tmp_path, **made_on))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=words):
        capsule.require_home(hypervisor, kvm=kvm)


def test_another_libvirt_or_processor_does_not_matter_to_an_emulated_one(tmp_path: Path) -> None:
    capsule = Capsule(tmp_path, record(tmp_path, processor="model name\t: Another"))
    capsule.require_home("QEMU 7.2.9, libvirt 11.0.0", kvm=False)


@pytest.mark.parametrize("content", [None, "", "{}", '{"schema_version": 1}'])
def test_what_is_no_capsule_is_named(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / CAPSULE).write_text(content)
    with pytest.raises(ConfigurationError, match=r"no capsule|not a capsule's record"):
        read_capsule(tmp_path)


@pytest.mark.libvirt
def test_it_holds_all_that_its_disk_stands_on_and_is_refused_once_any_of_it_changed(tmp_path: Path) -> None:
    image, template, machine = (tmp_path / name for name in ("image", "template", "machine"))
    for directory in (image, template, machine):
        directory.mkdir()
    create: list[str | Path] = ["qemu-img", "create", "-q", "-f", "qcow2"]
    subprocess.run([*create, image / "disk.qcow2", "1M"], check=True, timeout=30)
    for above, below in ((template, image), (machine, template)):
        backing: list[str | Path] = ["-F", "qcow2", "-b", below / "disk.qcow2", above / "disk.qcow2"]
        subprocess.run([*create, *backing], check=True, timeout=30)
    for name in ("state", "ram", "media.iso", "winrm.pem"):
        (machine / name).write_text(name)
    seals = digest_files(image, ["disk.qcow2"])
    manifest = ImageManifest(
        name="wine-guest",
        guest_system=GuestSystem.WINE,
        recipe_digest="0" * 64,
        built=datetime.now(UTC),
        disk="disk.qcow2",
        files=seals,
        hardware=Hardware(),
        winrm=WinRMEndpoint(port=5986, username="bvt", tls=True),
    )
    seal_capsule(machine, StoredImage(image, manifest), record(machine))

    moved = tmp_path / "moved"
    subprocess.run(["cp", "-rL", machine, moved], check=True, timeout=30)
    for gone in (image, template):
        gone.rename(gone.with_suffix(".gone"))
    capsule = read_capsule(moved)
    capsule.require_whole()
    assert capsule.access(5).password.get_secret_value() == "s3cret"
    assert (moved / CAPSULE).stat().st_mode & 0o077 == 0
    subprocess.run(["qemu-img", "check", "-q", moved / "disk.qcow2"], check=True, timeout=30)
    for name in capsule.record.files:
        whole = (moved / name).read_bytes()
        (moved / name).write_bytes(whole + b"x")
        with pytest.raises(ConfigurationError, match=f"is damaged: {name} has SHA-256"):
            capsule.require_whole()
        (moved / name).write_bytes(whole)
    capsule.require_whole()
