"""Makes images ready to be cloned: finds or builds them, and finds out which way to clone them works."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.machines.directories import users
from harness.machines.disused import Disused
from harness.machines.intent import read_intents
from harness.machines.libvirt.clone.domain import DomainSpec
from harness.machines.libvirt.clone.start import prove_template
from harness.machines.libvirt.clone.template import TemplateMaker
from harness.machines.libvirt.host.acceleration import prove_kvm
from harness.machines.libvirt.host.host import Host, HostUnreachable
from harness.machines.libvirt.host.programs import program
from harness.machines.libvirt.host.tsc import host_tsc_khz
from harness.machines.libvirt.image.store import ImageStore, StoredImage
from harness.machines.libvirt.image.wine_guest import NAME as WINE_GUEST
from harness.machines.libvirt.image.wine_guest import ensure_wine_guest
from harness.machines.libvirt.options import CloneMethod, pool_options
from harness.machines.libvirt.prune import prune, remove_stale, stale
from harness.machines.provider import ImageInfo, Progress
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.model.matrix import Pool
from harness.model.substrate import GuestSystem
from harness.state import StateDirectory


@dataclass(frozen=True)
class Prepared:
    """An image that can be cloned, and how."""

    image: StoredImage
    method: CloneMethod
    why_not_faster: tuple[str, ...]

    def info(self) -> ImageInfo:
        """The image, and how it is cloned."""
        manifest = self.image.manifest
        detail = f"clones by {self.method}"
        if self.why_not_faster:
            detail += f" ({'; '.join(self.why_not_faster)})"
        return ImageInfo(
            name=manifest.name, digest=manifest.digest, guest_system=manifest.guest_system, detail=detail
        )


def remote(host: Host) -> str:
    """Why templates do not work on a host that is reached over the network."""
    return f"{host.uri} is remote, and open files pass only over a Unix socket"


class Preparation:
    """The images of one pool."""

    def __init__(self, pool: Pool, state: StateDirectory) -> None:
        self._pool, self._state = pool, state
        self.options = pool_options(pool)
        self.memory_mb, self.cpus = pool.memory_mb, pool.cpus
        self.store = ImageStore(state)

    @property
    def storage(self) -> Path:
        """Where templates and machines are."""
        return self.options.storage or self._state.root

    def image(self, name: str, progress: Progress) -> StoredImage:
        """The stored image, built if it is wine-guest. Raises `ConfigurationError` if there is none."""
        if name == WINE_GUEST:
            return ensure_wine_guest(self.store, progress)
        found = self.store.find(name)
        if found is None:
            known = ", ".join(self.store.names()) or "none"
            raise ConfigurationError(
                f"there is no image '{name}' in the store (there: {known}).",
                hint=f"Build it with: bvt image build {name} --iso … (vm_images/README.md)",
            )
        return found

    def require_memory(self, image: StoredImage) -> None:
        """Raises `ConfigurationError` if the pool's machines have less memory than the image's guest needs."""
        needed = image.manifest.hardware.minimum_memory_mb
        if self._pool.memory_mb < needed:
            raise ConfigurationError(
                f"image '{image.manifest.name}' needs machines with {needed} MiB, and the pool gives them "
                f"{self._pool.memory_mb} MiB.",
                key="memory_mb",
            )

    def choose_method(self, host: Host, image: StoredImage, progress: Progress) -> Prepared:
        """The fastest method that is proven to work on a host that answers; why the faster ones do not."""
        reasons: list[str] = []
        self.sweep()
        for method in self.options.methods:
            if method is CloneMethod.BOOT:
                return Prepared(image, method, tuple(reasons))
            if not host.local_socket:
                reasons.append(f"{method}: {remote(host)}")
                continue
            maker = self.maker(host, image, method, self._pool.memory_mb, self._pool.cpus)
            try:
                maker.ensure(progress)
            except InfrastructureError as error:
                if isinstance(error, HostUnreachable):
                    raise
                maker.note_failure(str(error))
                if len(self.options.methods) == 1:
                    raise
                reasons.append(f"{method}: {error}")
                progress(f"{image.manifest.name}: {method} clones do not work here: {error}")
                continue
            prune(self.store, self.storage, image.manifest.name, read_intents(self._state.intents))
            return Prepared(image, method, tuple(reasons))
        raise InfrastructureError(f"No way to clone {image.manifest.name} works: {'; '.join(reasons)}")

    def sweep(self) -> list[Path]:
        """Remove templates that nothing can use any more; says which directories. What stays is no error here."""
        removed = []
        for leftover in self.disused():
            with suppress(InfrastructureError):
                if self.remove(leftover):
                    removed.append(leftover.path)
        return removed

    def disused(self, without: Collection[str] = ()) -> list[Disused]:
        """Templates that nothing can use any more, were the machines `without` gone. Raises `InfrastructureError`."""
        try:
            return stale(self.store, self.storage, read_intents(self._state.intents), gone=without)
        except OSError as error:
            raise InfrastructureError(f"{self.storage} cannot be looked through: {error}.") from error

    def remove(self, leftover: Disused, end: Callable[[Path], bool] = lambda path: not users(path)) -> bool:
        """Remove it unless it is needed by now; then False. Raises `InfrastructureError`.

        `end`: ends the machine of a killed builder, and says whether no process uses the directory any more.
        """
        try:
            return remove_stale(leftover, self.store, lambda: read_intents(self._state.intents), end=end)
        except FileNotFoundError:  # another process is at it too
            return not leftover.path.exists()
        except OSError as error:
            raise InfrastructureError(f"{leftover.path} cannot be removed: {error}.") from error

    def maker(
        self, host: Host, image: StoredImage, method: CloneMethod, memory_mb: int, cpus: int
    ) -> TemplateMaker:
        """What finds or builds the template for machines of this size."""
        return TemplateMaker(
            host=host,
            image=image,
            shape=self.shape(host, image, memory_mb, cpus),
            method=method,
            storage=self.storage,
            state=self._state,
            deadline_s=self.options.template_deadline_s,
            trial=lambda template, spec: prove_template(host, image, template, spec),
        )

    def shape(self, host: Host, image: StoredImage, memory_mb: int, cpus: int) -> DomainSpec:
        """What all domains of this image and size have in common."""
        kvm = self.options.acceleration == "auto" and host.local_socket and prove_kvm().ran
        manifest = image.manifest
        return DomainSpec(
            name="shape",
            kvm=kvm,
            windows=manifest.guest_system is GuestSystem.WINDOWS,
            hardware=manifest.hardware,
            memory_mb=memory_mb,
            cpus=cpus,
            disk=Path("/disk"),
            kernel=image.file("vmlinuz"),
            initrd=image.file("initrd.img"),
            serial_log=Path("/serial"),
            tsc_khz=0 if kvm or not host.local_socket else host_tsc_khz(),
            winrm_port=manifest.winrm.port,
            listen=self.options.addresses.get(host.uri, "127.0.0.1"),
            socat=program("socat"),
        )
