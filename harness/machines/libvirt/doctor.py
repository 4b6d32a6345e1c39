"""What `bvt doctor` says about pool lab."""

import shutil
from collections.abc import Iterable, Sequence

from harness.machines.libvirt.acceleration import prove_kvm
from harness.machines.libvirt.host import Host
from harness.machines.libvirt.images.store import ImageStore
from harness.machines.libvirt.options import LibvirtOptions
from harness.machines.libvirt.programs import PACKAGES, program
from harness.machines.libvirt.template import stored_template_records
from harness.machines.provider import Finding
from harness.model.errors import HarnessError, ToolMissing

DISK_WANTED = 8 * 1024**3
BUILD_ONLY = frozenset({"mmdebstrap", "mke2fs", "x86_64-w64-mingw32-gcc", "virt-xml-validate"})


def lab_findings(
    hosts: Iterable[Host], options: LibvirtOptions, store: ImageStore, image: str
) -> Sequence[Finding]:
    """Programs, hosts, acceleration, images, clone methods, disk. Never raises."""
    found = [_program(name) for name in PACKAGES]
    found += [_host(host) for host in hosts]
    return (*found, _acceleration(options), *_image(store, image, options), _disk(store))


def _program(name: str) -> Finding:
    try:
        return Finding(subject=name, ok=True, detail=program(name), required=name not in BUILD_ONLY)
    except ToolMissing as missing:
        required = name not in BUILD_ONLY
        return Finding(subject=name, ok=False, detail=missing.message, remedy=missing.hint, required=required)


def _host(host: Host) -> Finding:
    try:
        size = host.size()
        detail = f"{host.versions()}, {size.memory_mb} MiB, {size.cpus} processors"
        return Finding(subject=f"libvirt host {host.uri}", ok=True, detail=detail)
    except HarnessError as error:
        return Finding(subject=f"libvirt host {host.uri}", ok=False, detail=error.message, remedy=error.hint)


def _acceleration(options: LibvirtOptions) -> Finding:
    subject = "hardware acceleration"
    if options.acceleration == "tcg":
        return Finding(subject=subject, ok=False, detail="switched off by the pool's options", required=False)
    proof = prove_kvm()
    remedy = (
        "" if proof.ran else "Machines are emulated (substrate tcg): the same checks, about 20 times slower."
    )
    return Finding(subject=subject, ok=proof.ran, detail=proof.reason, remedy=remedy, required=False)


def _image(store: ImageStore, name: str, options: LibvirtOptions) -> list[Finding]:
    image = store.find(name)
    if image is None:
        detail = "not built yet; the first run builds it"
        return [Finding(subject=f"image {name}", ok=False, detail=detail, required=False)]
    manifest = image.manifest
    detail = f"{manifest.digest[:16]}, built {manifest.built:%Y-%m-%d}"
    found = [Finding(subject=f"image {name}", ok=True, detail=detail)]
    templates = stored_template_records(options.storage or store.state.root, name)
    for _, record in templates:
        if record.image_digest == manifest.digest:
            detail = f"{record.method}, proven by a clone on {record.built:%Y-%m-%d}, built in {record.build_s:.0f} s"
            found.append(Finding(subject=f"clones of {name}", ok=True, detail=detail, required=False))
    if len(found) == 1:
        detail = f"not tried yet; the first run tries {', '.join(options.methods)} in this order"
        found.append(Finding(subject=f"clones of {name}", ok=False, detail=detail, required=False))
    return found


def _disk(store: ImageStore) -> Finding:
    free = shutil.disk_usage(store.root).free
    return Finding(
        subject="disk space for images and overlays",
        ok=free >= DISK_WANTED,
        detail=f"{free / 1024**3:.1f} GiB free in {store.state.root}",
        remedy="" if free >= DISK_WANTED else "Free some space or move BVT_HOME; 8 GiB are wanted.",
    )
