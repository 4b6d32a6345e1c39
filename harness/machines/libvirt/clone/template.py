"""How a template comes about: an image booted once, made ready, frozen. Every clone starts from there.

Kept by (image, domain shape, QEMU and libvirt version, host processor, method): anything else changed and
the frozen state may not load, so another template is built. Sealed like images; one that does not match its
seal is built again.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import libvirt

from harness.file_lock import held
from harness.machines.intent import IntentFile
from harness.machines.libvirt.clone.domain import DomainSpec, Memory
from harness.machines.libvirt.clone.domain_xml import domain_xml, shape_digest, validate
from harness.machines.libvirt.clone.hardware_uuid import places_of
from harness.machines.libvirt.clone.letter import places_in
from harness.machines.libvirt.clone.migration import save_state
from harness.machines.libvirt.clone.overlay import make_overlay
from harness.machines.libvirt.clone.settle import settle
from harness.machines.libvirt.clone.stored_template import (
    DISK,
    RAM,
    RECORD,
    STATE,
    USED,
    Template,
    TemplateRecord,
    build_lock,
    read_record,
)
from harness.machines.libvirt.host.events import await_agent
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.processor import host_processor, processor_in_short
from harness.machines.libvirt.image.seal import broken_seals, digest_files
from harness.machines.libvirt.image.store import StoredImage
from harness.machines.libvirt.options import CloneMethod
from harness.machines.provider import Progress
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError
from harness.state import StateDirectory

WHY_NOT = ".why"
"""Suffix of the file that says, beside where a template would be, why it could not be made."""


@dataclass(frozen=True)
class TemplateMaker:
    """Finds or builds the template of one image for one shape of domain on one host."""

    host: Host
    image: StoredImage
    shape: DomainSpec
    method: CloneMethod
    storage: Path
    state: StateDirectory
    deadline_s: float
    trial: Callable[["Template", DomainSpec], None]
    """Starts a clone of the new template, or raises; what does not pass is not used."""

    @property
    def key(self) -> str:
        """Everything that a frozen state depends on."""
        return hashlib.sha256("\0".join(self._made_for().values()).encode()).hexdigest()

    def unlike(self, record: TemplateRecord) -> list[str]:
        """In what a stored template differs from the one that is wanted, in words; empty if it fits."""
        if record.key == self.key:
            return []
        made, wanted = record.made_for, self._made_for() | {"processor": processor_in_short(host_processor())}
        said = [
            words
            for part, words in (
                ("image", "another version of the image"),
                ("shape", "another kind of machine"),
            )
            if made.get(part) != wanted[part]
        ]
        said += [
            f"made on {made[part]}, now {wanted[part]}"
            for part in ("hypervisor", "processor")
            if made.get(part, wanted[part]) != wanted[part]
        ]
        return said if made else ["made by an earlier version"]

    def note_failure(self, reason: str) -> None:
        """Remember why the template cannot be made, for `bvt doctor`."""
        with suppress(OSError):
            self._why_not.write_text(reason)

    @property
    def failure(self) -> str:
        """Why it could not be made when that was last tried; empty if it was not tried, or was made."""
        with suppress(OSError):
            return self._why_not.read_text().strip()
        return ""

    @property
    def _why_not(self) -> Path:
        return self.directory.with_suffix(WHY_NOT)

    def _made_for(self) -> dict[str, str]:
        return {
            "image": self.image.manifest.digest,
            "shape": shape_digest(self.shape),
            "hypervisor": self.host.versions(),
            "processor": host_processor(),
            "method": self.method.value,
        }

    def find(self) -> Template | None:
        """The sealed template; None if there is none, or one that does not match its seal."""
        directory = self.directory
        record = read_record(directory)
        if (
            record is None
            or record.key != self.key
            or (record.image_disk is not None and not record.image_disk.exists())
        ):
            return None
        return None if broken_seals(directory, record.files) else Template(directory, record)

    def ensure(self, progress: Progress) -> Template:
        """The template; one process builds it, others wait. Raises `InfrastructureError`."""
        found = self.find()
        if found is None:
            with self._locked(progress):
                found = self.find() or self._build(progress)
            self._why_not.unlink(missing_ok=True)
        with suppress(OSError):
            (found.directory / USED).touch()
        return found

    @property
    def directory(self) -> Path:
        """Where the template is or would be."""
        return self.storage / "templates" / self.image.manifest.name / self.key[:16]

    def _build(self, progress: Progress) -> Template:
        began = time.monotonic()
        target = self.directory
        if target.exists():
            progress(f"{self.image.manifest.name}: the template is stale or damaged; building it again")
            shutil.rmtree(target)
        progress(f"{self.image.manifest.name}: booting the image once to make a {self.method} template")
        intent = IntentFile.begin(self.state.intents, provider="libvirt", run_id="template")
        name = intent.intent.machine_id
        working = target.with_name(f"{target.name}.{name}")
        intent.add(uri=self.host.uri, domain=name, directory=str(working), memory_mb=self.shape.memory_mb)
        intent.add(cpus=self.shape.cpus, image=self.image.manifest.digest)
        try:
            working.mkdir(parents=True)
            self._freeze(name, working, progress)
            self.host.destroy(name)  # lets go of the disk
            names = [DISK, STATE, *([RAM] if self.method is CloneMethod.RAM else [])]
            holds_ram = RAM if self.method is CloneMethod.RAM else STATE
            record = TemplateRecord(
                key=self.key,
                image_digest=self.image.manifest.digest,
                method=self.method,
                built=datetime.now(UTC),
                build_s=time.monotonic() - began,
                files=digest_files(working, names),
                image_disk=self.image.disk.resolve(),
                uuid_places=places_of(self._named(name).hardware_uuid, working / holds_ram),
                letter_places=places_in(working / RAM) if self.method is CloneMethod.RAM else {},
                made_for=self._made_for() | {"processor": processor_in_short(host_processor())},
            )
            self.trial(Template(working, record), self._named(name))
            (working / RECORD).write_text(record.model_dump_json(indent=1))
            working.rename(target)
        except libvirt.libvirtError as error:
            raise InfrastructureError(
                f"The template of image {self.image.manifest.name} could not be made on {self.host.uri}: {error}."
            ) from error
        finally:
            self.host.destroy(name)
            self.host.remove_traces(name)
            shutil.rmtree(working, ignore_errors=True)
            intent.done()
        progress(f"{self.image.manifest.name}: template ready after {record.build_s:.0f} s")
        return Template(target, record)

    def _named(self, name: str) -> DomainSpec:
        return self.shape.model_copy(update={"name": name})

    def _freeze(self, name: str, working: Path, progress: Progress) -> None:
        deadline = Deadline.after(self.deadline_s)
        shared = self.method is CloneMethod.RAM
        make_overlay(self.image.disk.resolve(), working / DISK)
        spec = self._named(name).model_copy(
            update={
                "disk": working / DISK,
                "serial_log": working / "serial.log",
                "memory": Memory.TEMPLATE if shared else Memory.PLAIN,
                "memory_file": working / RAM if shared else None,
            }
        )
        xml = domain_xml(spec)
        validate(xml, working)
        history = self.host.events.history(name)
        try:
            flags = libvirt.VIR_DOMAIN_START_VALIDATE
            domain = self.host.call(lambda connection: connection.createXML(xml, flags))
            await_agent(history, name, deadline)
            progress(f"{self.image.manifest.name}: booted; waiting until it is warm and quiet")
            settle(domain, self.image.manifest.guest_system, deadline)
            domain.suspend()
            save_state(domain, working / STATE, deadline, ignore_shared=shared)
        finally:
            self.host.events.forget(name)

    @contextmanager
    def _locked(self, progress: Progress) -> Iterator[None]:
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        work = f"makes the template of {self.image.manifest.name}"
        # A build may need all of its time, and fail; then the next one who waits tries it.
        deadline = Deadline.after(2 * self.deadline_s)
        with held(build_lock(self.directory), work, deadline, progress):
            yield
