"""An installation under libvirt: from media to a sealed disk."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import libvirt

from harness.images.account import Account, EndpointCertificate
from harness.images.choice import choose_image
from harness.images.installed import confirmed
from harness.images.marker import FirstBoot, read_marker
from harness.images.media_tree import build_media, media_tree
from harness.images.probe_signer import probe_signer
from harness.images.recipe import UEFI
from harness.images.record import CERTIFICATE, DISK, windows_manifest
from harness.images.resting import Rested, let_rest, rest_of_windows
from harness.images.running import SERIAL, SERIAL_LATER, Order, Running, Screenshots, clock, running
from harness.images.virtio_media import fitted
from harness.images.wim import read_medium
from harness.machines.intent import IntentFile
from harness.machines.libvirt.host.events import DomainHistory
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.programs import run
from harness.machines.libvirt.image.seal import digest_files
from harness.machines.libvirt.image.store import ImageStore, StoredImage
from harness.machines.provider import Progress
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, DeadlineExceeded, InfrastructureError
from harness.state import StateDirectory

BOOT_PROMPT_S = {True: 20.0, False: 60.0}
"""With and without KVM. UEFI media ask for a key before they boot; an unanswered question falls through to the empty
disk. Emulated, the firmware with Secure Boot was seen to need 25 s to come to that question."""
KEY_ENTER = 28
BETWEEN_KEYS_S = 0.5


def install(order: Order, host: Host, state: StateDirectory, progress: Progress) -> StoredImage:
    """Run the installation, seal the disk, admit the image to the store.

    Raises `ConfigurationError` before anything starts if the media do not fit the recipe; `DeadlineExceeded` and
    `InfrastructureError` with where the screenshots are.
    """
    if not host.local_socket:
        raise ConfigurationError(f"{host.uri} is remote; images are built on a local host.", key="--host")
    store = ImageStore(state)
    edition = order.recipe.edition(order.edition)
    recipe = fitted(order.recipe, order.virtio_iso, progress)
    progress(f"{recipe.name}: reading {order.iso}")
    media = {"iso": read_medium(order.iso), "virtio_iso": read_medium(order.virtio_iso)}
    chosen = choose_image(media["iso"], recipe, edition, order.iso)
    progress(f"{recipe.name}: image {chosen.index} '{chosen.name}', {chosen.build}.{chosen.revision}")
    signer = probe_signer(state)
    account = Account.new()
    certificate = EndpointCertificate.new(recipe.computer_name, account.password)
    order.screenshots.mkdir(parents=True, exist_ok=True)
    with store.locked(recipe.name, order.deadline_s, progress):
        # On disk before the answer media, which hold a password, and before the disk.
        intent = IntentFile.begin(
            state.intents,
            provider="libvirt",
            run_id="image-build",
            cell_id=recipe.name,
            machine_id=order.build_id,
        )
        working = store.building(recipe.name, order.build_id)
        intent.add(directory=str(working))
        try:
            store.working_directory(recipe.name, order.build_id)
            tree = media_tree(recipe, edition, account, certificate, order.build_id, chosen.index, signer)
            build_media(tree, working / "answer.iso")
            size = f"{recipe.disk_gb}G"
            run(
                ["qemu-img", "create", "-q", "-f", "qcow2", working / DISK, size],
                what="No disk",
                deadline_s=60,
            )
            shots, deadline = Screenshots(order.screenshots), Deadline.after(order.deadline_s)
            with running(order, host, intent, working) as machine:
                said = _await_end(order, machine, shots, deadline, progress)
            (working / "answer.iso").unlink()  # it holds the password, and is needed no more
            said = confirmed(recipe, said, working / DISK)
            rested = _rested(
                order,
                lambda: running(order, host, intent, working, installed=True),
                shots,
                deadline,
                lambda line: progress(f"{recipe.name}: {line}"),
            )
            progress(f"{recipe.name}: sealing the disk")
            run(["qemu-img", "check", "-q", working / DISK], what="The disk is damaged", deadline_s=600)
            (working / CERTIFICATE).write_bytes(certificate.pem)
            for name in ("answer.iso", SERIAL, SERIAL_LATER, "domain.xml"):
                (working / name).unlink(missing_ok=True)
            for name in (DISK, CERTIFICATE):
                (working / name).chmod(0o444)
            image = store.admit(
                working,
                windows_manifest(
                    recipe,
                    order.edition_name,
                    said.model_copy(update={"facts": said.facts | rested.facts}),
                    media,
                    chosen,
                    digest_files(working, (DISK, CERTIFICATE)),
                    account.username,
                    "kvm" if machine.kvm else "tcg",
                    signer,
                ),
            )
        finally:
            if working.exists():
                _rescue(working, order.screenshots)
                shutil.rmtree(working, ignore_errors=True)
            _settle_intent(host, intent)
    progress(f"{recipe.name}: built, digest {image.manifest.digest[:16]}")
    return image


def _settle_intent(host: Host, intent: IntentFile) -> None:
    """Forget the intent, unless its machine cannot be told to be gone: `bvt clean` sees to that then."""
    with suppress(InfrastructureError, libvirt.libvirtError):
        if "domain" not in intent.intent.resources or host.domain(intent.intent.machine_id) is None:
            intent.done()


def _rested(
    order: Order,
    start: Callable[[], AbstractContextManager[Running]],
    shots: Screenshots,
    deadline: Deadline,
    progress: Progress,
) -> Rested:
    """Let the installed system rest; its last screen is kept. Raises what `let_rest` raises, with where to look."""

    @contextmanager
    def seen() -> Iterator[Running]:
        with start() as machine:
            try:
                yield machine
            finally:
                shots.take(machine, deadline.length_s - deadline.remaining_s)

    try:
        return let_rest(seen, rest_of_windows, deadline, progress)
    except InfrastructureError as error:
        error.hint = (
            f"{error.hint} See the screenshots in {order.screenshots}; --deadline gives it longer.".strip()
        )
        raise


def _await_end(
    order: Order, machine: Running, shots: Screenshots, deadline: Deadline, progress: Progress
) -> FirstBoot:
    """Wait until the guest shuts itself down, showing how far it is. Raises `InfrastructureError`."""
    began, last = time.monotonic(), ""
    if order.recipe.firmware in UEFI:
        _answer_boot_prompt(machine, Deadline.after(min(BOOT_PROMPT_S[machine.kvm], order.deadline_s)))
    history = machine.history
    while True:
        with history.changed:
            over = history.changed.wait_for(
                lambda: bool(history.ended or history.panicked or history.io_error),
                deadline.cap(order.look_every_s),
            )
        said = read_marker(_bytes(machine.serial), order.build_id)
        elapsed = time.monotonic() - began
        shot = "" if over and not history.panicked else shots.take(machine, elapsed)
        line = f"{said.progress}; {shots.count} screenshots in {order.screenshots}"
        if line != last:
            progress(f"{order.recipe.name}: {clock(elapsed)} {line}{f', last {shot}' if shot else ''}")
            last = line
        if over:
            return _judge(order, history, said)
        if deadline.passed:
            raise DeadlineExceeded(
                f"The installation of {order.recipe.name} (it was in {said.progress})",
                order.deadline_s,
                hint=f"See the screenshots in {order.screenshots}; --deadline gives it longer.",
            )


def _judge(order: Order, history: DomainHistory, said: FirstBoot) -> FirstBoot:
    where = f"See the screenshots and the serial log in {order.screenshots}."
    name = order.recipe.name
    if history.io_error:
        raise InfrastructureError(
            f"The host's disk failed while {name} was installed ({history.io_error}).", hint=where
        )
    if history.panicked:
        raise InfrastructureError(f"The guest crashed while {name} was installed.", hint=where)
    if said.failure:
        raise InfrastructureError(f"The first-boot script of {name} failed in {said.failure}.", hint=where)
    if history.ended != "shutdown":
        raise InfrastructureError(f"The machine of {name} ended by itself ({history.ended}).", hint=where)
    if not said.done:
        raise InfrastructureError(
            f"The guest of {name} shut down before its first-boot script was done (it was in {said.progress}).",
            hint=where,
        )
    return said


def _answer_boot_prompt(machine: Running, deadline: Deadline) -> None:
    """Press Enter while UEFI media may ask for it."""
    while not deadline.passed and machine.history.ended is None:
        with suppress(libvirt.libvirtError):  # not possible in the first moments
            machine.domain.sendKey(libvirt.VIR_KEYCODE_SET_LINUX, 50, [KEY_ENTER], 1, 0)
        deadline.pause(BETWEEN_KEYS_S)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _rescue(working: Path, into: Path) -> None:
    """Keep what tells of a failed installation; the answer media hold the password and are not kept."""
    for name in (SERIAL, SERIAL_LATER, "domain.xml"):
        with suppress(OSError):
            shutil.copyfile(working / name, into / name)
