"""Capsules: a machine's disk and RAM put away in a directory, to be reopened there or on another host.

What a capsule stands on and others use too (the image's disk, its kernel) is linked; `cp -rL` makes a copy that needs
nothing else. Its state loads into the QEMU that wrote it, and under KVM on the processor that it ran on.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import libvirt
from pydantic import AwareDatetime, ValidationError

from harness.files import write_atomically
from harness.machines.libvirt.clone.domain import DomainSpec, Memory
from harness.machines.libvirt.clone.domain_xml import domain_xml
from harness.machines.libvirt.clone.migration import load_state, save_state
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.processor import host_processor
from harness.machines.libvirt.host.programs import run
from harness.machines.libvirt.image.seal import FileSeal, broken_seals, digest_files, note_checked
from harness.machines.libvirt.image.store import StoredImage
from harness.machines.provider import CAPSULE
from harness.model.base import Frozen
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.model.machine import WinRMAccess
from harness.model.substrate import GuestSystem

DISK, STATE = "disk.qcow2", "state"
RAM = "ram"
"""Where it is there, it is mapped copy-on-write, as a template's is by its clones; else the state holds it."""
TRUSTED = "winrm.pem"
LINKED = ("kernel", "initrd", "media")
"""What a machine reads besides its disk; a field of its definition, and the name in the capsule."""
REBASE_S = 60.0


class CapsuleRecord(Frozen):
    """`capsule.json`, mode 0600: it holds the guest's password. Written last."""

    schema_version: int = 1
    machine_id: str
    cell_id: str
    run_id: str
    made: AwareDatetime
    image: str
    image_digest: str
    guest_system: GuestSystem
    media_root: str
    hypervisor: str
    processor: str
    spec: DomainSpec
    access: WinRMAccess
    files: dict[str, FileSeal]


@dataclass(frozen=True)
class Capsule:
    """A capsule on disk."""

    directory: Path
    record: CapsuleRecord

    def domain(self, name: str, disk: Path, serial_log: Path) -> DomainSpec:
        """The machine as it was, under another name, on a disk of its own. Its hardware UUID stays."""
        spec = self.record.spec
        linked = {key: self.directory / key for key in LINKED if getattr(spec, key) is not None}
        mapped = RAM in self.record.files
        return spec.model_copy(
            update=linked
            | {
                "name": name,
                "uuid_of": spec.uuid_of or spec.name,
                "disk": disk,
                "serial_log": serial_log,
                "memory": Memory.CLONE
                if mapped
                else Memory.CAPSULE
                if named_by_us(spec)
                else Memory.INCOMING,
                "memory_file": self.directory / RAM if mapped else None,
            }
        )

    def access(self, port: int) -> WinRMAccess:
        """How to reach the guest, at the port that its machine has now."""
        kept = self.record.access
        trusted = kept.ca_pem and self.directory / TRUSTED
        return kept.model_copy(update={"host": "127.0.0.1", "port": port, "ca_pem": trusted})

    def require_whole(self) -> None:
        """Raises `ConfigurationError` if a file is not what its seal says."""
        if broken := broken_seals(self.directory, self.record.files):
            raise ConfigurationError(f"the capsule {self.directory} is damaged: {'; '.join(broken)}.")

    def require_home(self, hypervisor: str, *, kvm: bool) -> None:
        """Raises `ConfigurationError` where its state would not load."""
        made, here = self.record.hypervisor.partition(",")[0], hypervisor.partition(",")[0]
        if made != here:
            raise ConfigurationError(
                f"the capsule {self.directory} was made with {made}, and here is {here}: its state loads only into the "
                "QEMU that wrote it."
            )
        if self.record.spec.kvm and not kvm:
            raise ConfigurationError(f"the capsule {self.directory} ran under KVM, which does not work here.")
        if self.record.spec.kvm and self.record.processor != host_processor():
            raise ConfigurationError(
                f"the capsule {self.directory} ran under KVM on another processor ({_model(self.record.processor)}); "
                f"here is {_model(host_processor())}."
            )


def read_capsule(directory: Path) -> Capsule:
    """The capsule in this directory. Raises `ConfigurationError` if there is none."""
    try:
        record = CapsuleRecord.model_validate_json((directory / CAPSULE).read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"{directory} is no capsule: {CAPSULE} cannot be read ({error.strerror})."
        ) from error
    except ValidationError as error:
        raise ConfigurationError(
            f"{directory / CAPSULE} is not a capsule's record that this version can read."
        ) from error
    return Capsule(directory, record)


def put_away(
    domain: libvirt.virDomain, directory: Path, end: Callable[[], object], deadline: Deadline
) -> None:
    """Write a machine's state into its directory, and `end` it.

    Raises `InfrastructureError`, `libvirtError`, `OSError`; the machine goes on then, unless it was ending already.
    """
    domain.suspend()
    try:
        save_state(domain, directory / STATE, deadline, ignore_shared=False)
    except (InfrastructureError, libvirt.libvirtError, OSError):
        (directory / STATE).unlink(missing_ok=True)
        domain.resume()
        raise
    end()


def lay_out(host: Host, spec: DomainSpec, directory: Path, deadline: Deadline) -> None:
    """Take RAM out of a saved state into a file, by a QEMU that loads the one and writes the other.

    Reopened, the machine reads then only what it uses. Where that does not work, the state stays whole. The domain is
    that of the machine that has ended: should this be killed, its intent still names it. Raises `InfrastructureError`.
    """
    if not named_by_us(spec):
        return
    devices = directory / f"{STATE}.new"
    loaded = spec.model_copy(update={"memory": Memory.LAID_OUT, "memory_file": directory / RAM})
    xml = domain_xml(loaded)
    try:
        domain = host.call(lambda connection: connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED))
        with (directory / STATE).open("rb") as state:
            load_state(domain, state.fileno(), deadline, ignore_shared=False)
        save_state(domain, devices, deadline, ignore_shared=True)
    except (InfrastructureError, libvirt.libvirtError, OSError):
        for file in (devices, directory / RAM):
            file.unlink(missing_ok=True)
    else:
        devices.replace(directory / STATE)
    finally:
        host.destroy(spec.name)


def named_by_us(spec: DomainSpec) -> bool:
    """QEMU knows RAM by the name that its machine gave it; libvirt has one of its own."""
    return spec.memory in (Memory.CLONE, Memory.CAPSULE)


def seal_capsule(directory: Path, image: StoredImage, record: CapsuleRecord) -> None:
    """Bring in what the disk stands on, seal everything, and write the record, which makes the directory a capsule.

    Raises `InfrastructureError`, `OSError`.
    """
    layers = bring_in_backing(directory)
    for name in LINKED:
        path: Path | None = getattr(record.spec, name)
        if path is not None and path.parent == directory:
            path.rename(directory / name)
        elif path is not None:
            (directory / name).symlink_to(path)
    if record.access.ca_pem is not None and record.access.ca_pem != directory / TRUSTED:
        shutil.copyfile(record.access.ca_pem, directory / TRUSTED)
    there = [DISK, STATE, *layers[:-1], *(["media"] if record.spec.media is not None else [])]
    there += [RAM] if (directory / RAM).exists() else []
    seals = digest_files(directory, there) | {layers[-1]: image.manifest.files[image.manifest.disk]}
    for name, original in (("kernel", "vmlinuz"), ("initrd", "initrd.img")):
        if getattr(record.spec, name) is not None:
            seals[name] = image.manifest.files[original]
    note_checked(directory, seals)  # the image was verified when the machine was made
    document = record.model_copy(update={"files": seals}).model_dump(mode="json")
    document["access"]["password"] = record.access.password.get_secret_value()
    write_atomically(directory / CAPSULE, json.dumps(document, indent=1), mode=0o600)


def bring_in_backing(directory: Path) -> list[str]:
    """Every layer under the disk, by relative names; the last one, the image's, is linked. Their names."""
    chain = json.loads(
        run(
            ["qemu-img", "info", "--backing-chain", "--output=json", directory / DISK],
            what="The capsule's disk cannot be read",
            deadline_s=REBASE_S,
        )
    )
    above, names = DISK, []
    for index, layer in enumerate(chain[1:], start=1):
        name, source = f"layer-{index}.qcow2", Path(layer["filename"]).resolve()
        if index < len(chain) - 1:
            shutil.copyfile(source, directory / name)
        else:
            (directory / name).symlink_to(source)
        run(
            ["qemu-img", "rebase", "-u", "-F", "qcow2", "-b", name, above],
            what="The capsule's disk cannot be made relative",
            deadline_s=REBASE_S,
            cwd=directory,
        )
        above = name
        names.append(name)
    return names


def _model(processor: str) -> str:
    return processor.partition("\n")[0].rpartition(": ")[2] or "not known"
