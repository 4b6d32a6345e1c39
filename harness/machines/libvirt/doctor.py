"""What `bvt doctor` says about pool lab."""

import shutil
from collections.abc import Sequence

from harness.machines.libvirt.clone.stored_template import last_use, stored_template_records
from harness.machines.libvirt.host.acceleration import prove_kvm
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.programs import PACKAGES, program
from harness.machines.libvirt.image.store import ImageStore, StoredImage
from harness.machines.libvirt.options import CloneMethod, LibvirtOptions
from harness.machines.libvirt.preparation import Preparation, remote
from harness.machines.libvirt.prune import UNUSED
from harness.machines.provider import Finding
from harness.model.errors import HarnessError, ToolMissing

DISK_WANTED = 8 * 1024**3
BUILD_ONLY = frozenset({"mmdebstrap", "mke2fs", "x86_64-w64-mingw32-gcc", "virt-xml-validate"})


def lab_findings(hosts: Sequence[Host], preparation: Preparation, image: str) -> Sequence[Finding]:
    """Programs, hosts, acceleration, images, clone methods, disk. Never raises."""
    found = [_program(name) for name in PACKAGES]
    found += [_host(host) for host in hosts]
    answering = next(
        (host for host, said in zip(hosts, found[len(PACKAGES) :], strict=True) if said.ok), None
    )
    return (
        *found,
        _acceleration(preparation.options),
        *_image(preparation, image, answering),
        _disk(preparation.store),
    )


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


def _image(preparation: Preparation, name: str, host: Host | None) -> list[Finding]:
    image = preparation.store.find(name)
    if image is None:
        detail = "not built yet; the first run builds it"
        return [Finding(subject=f"image {name}", ok=False, detail=detail, required=False)]
    manifest = image.manifest
    detail = f"{manifest.digest[:16]}, built {manifest.built:%Y-%m-%d}"
    found = [Finding(subject=f"image {name}", ok=True, detail=detail)]
    subject = f"clones of {name}"
    if host is None:
        detail = "no host answers, so nothing is known of templates"
        return [*found, Finding(subject=subject, ok=False, detail=detail, required=False)]
    try:
        return [*found, *_clones(preparation, image, host, subject)]
    except HarnessError as error:
        return [
            *found,
            Finding(subject=subject, ok=False, detail=error.message, remedy=error.hint, required=False),
        ]


def _clones(preparation: Preparation, image: StoredImage, host: Host, subject: str) -> list[Finding]:
    """How machines would be made now, why not faster, and which templates do not fit."""
    name, options = image.manifest.name, preparation.options
    size = (preparation.memory_mb, preparation.cpus)
    makers = [
        preparation.maker(host, image, method, *size)
        for method in options.methods
        if method is not CloneMethod.BOOT
    ]
    stored = stored_template_records(preparation.storage, name)
    slower: list[str] = []
    chosen = ""
    for maker in makers:
        record = next((record for _, record in stored if record.key == maker.key), None)
        if not host.local_socket:
            slower.append(f"{maker.method}: {remote(host)}")
        elif record is not None:
            chosen = f"{maker.method}, proven by a clone on {record.built:%Y-%m-%d}, built in {record.build_s:.0f} s"
            break
        elif maker.failure:
            slower.append(f"{maker.method} did not work when last tried: {maker.failure}")
        else:
            slower.append(f"{maker.method} was not tried yet with this image, pool and QEMU")
    if not chosen:
        tried = f"; the next run tries {', '.join(options.methods)} in this order" if makers else ""
        chosen = f"no template fits{tried}" if makers else "boot, as the pool's options say"
    detail = f"{chosen} ({'; '.join(slower)})" if slower else chosen
    fits = chosen.startswith(tuple(CloneMethod))
    found = [Finding(subject=subject, ok=fits, detail=detail, required=False)]
    for directory, record in stored:
        alike = next((maker for maker in makers if maker.method is record.method), None)
        unlike = alike.unlike(record) if alike is not None else ["its options want another way to clone"]
        if not unlike:
            continue
        until = last_use(directory, record) + UNUSED
        detail = (
            f"does not fit this pool: {', '.join(unlike)}; removed after {until:%Y-%m-%d} if nothing uses it"
        )
        subject = f"{record.method} template {directory.name[:8]} of {name}"
        found.append(Finding(subject=subject, ok=False, detail=detail, required=False))
    return found


def _disk(store: ImageStore) -> Finding:
    free = shutil.disk_usage(store.root).free
    return Finding(
        subject="disk space for images and overlays",
        ok=free >= DISK_WANTED,
        detail=f"{free / 1024**3:.1f} GiB free in {store.state.root}",
        remedy="" if free >= DISK_WANTED else "Free some space or move BVT_HOME; 8 GiB are wanted.",
    )
