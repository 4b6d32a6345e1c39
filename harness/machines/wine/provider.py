"""Makes Wine machines: each a clone of one sealed prefix, in namespaces of its own."""

import contextlib
import os
from collections.abc import Collection, Sequence
from pathlib import Path

import psutil

from harness.machines import kept
from harness.machines.disused import Disused
from harness.machines.intent import IntentFile, read_intent, read_intents
from harness.machines.provider import Finding, ImageInfo, Machine, Progress
from harness.machines.wine import clone, disused, namespaces
from harness.machines.wine.berth import MannedBerth, Means, open_berth, reap_ended
from harness.machines.wine.clone import CloneMethod
from harness.machines.wine.disk_room import MACHINE_MB, TEMPLATE_MB, require_room
from harness.machines.wine.doctor import wine_findings
from harness.machines.wine.installation import WineInstallation, find_wine
from harness.machines.wine.machine import WineMachine, reopen
from harness.machines.wine.reclaim import remove_all
from harness.machines.wine.root_image import ensure_root, known_wine
from harness.machines.wine.start import start_machine
from harness.machines.wine.template import IMAGE_NAME, ensure_template, template_directory
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, HarnessError, InfrastructureError
from harness.model.machine import MachineSpec
from harness.model.matrix import Pool
from harness.probe.build import probe_exe
from harness.state import StateDirectory

MEMORY_PER_MACHINE = 200 * 1024 * 1024
"""Bytes: 64 MiB for Wine's processes with a service (measured), the rest for agent and installer."""
SPARE = "spare"
"""Stands for the run in the intent of a berth that no cell has taken yet."""


class WineProvider:
    """Satisfies `MachineProvider`.

    Pool options: `clone` (auto or a method), `namespaces` (auto or never), `wine` (image, or the host's own).
    """

    name = "wine"

    def __init__(self, pool: Pool, state: StateDirectory) -> None:
        options = dict(pool.options)
        self._clone_wanted = _choice(options.pop("clone", "auto"), "clone", ["auto", *CloneMethod])
        self._namespaces_wanted = _choice(options.pop("namespaces", "auto"), "namespaces", ["auto", "never"])
        self._wine_wanted = _choice(options.pop("wine", "image"), "wine", ["image", "host"])
        if options:
            raise ConfigurationError(
                f"the wine provider has no option {', '.join(sorted(options))}; it has clone, namespaces and wine.",
                key="options",
            )
        if self._wine_wanted == "image" and self._namespaces_wanted == "never":
            raise ConfigurationError(
                "without namespaces no machine can have a root of its own, so it cannot have the image's Wine.",
                key="options.namespaces",
                hint="Add wine: host for the Wine that is installed here.",
            )
        self._state = state
        self._means: Means | None = None
        self._spares: list[MannedBerth] = []

    def prepare(self, image: str, progress: Progress) -> ImageInfo:
        if image != IMAGE_NAME:
            raise ConfigurationError(
                f"the wine provider has one image, {IMAGE_NAME!r}, not {image!r}.",
                hint="Set base_image: wine in the pool.",
            )
        try:
            wine = self._wine(progress)
            template = ensure_template(self._state, wine, progress)
            method, isolated, _ = self._method()
            progress("Building the guest probe, unless it is there already.")
            self._means = Means(wine, template, method, isolated, probe_exe(self._state))
            for used in (template.prefix.parent, *([wine.root.parent] if wine.root else [])):
                disused.note_use(used)
        except OSError as error:
            raise InfrastructureError(f"The Wine template could not be made: {error}.") from error
        return template.info()

    def _wine(self, progress: Progress) -> WineInstallation:
        """The Wine of machines. Raises `InfrastructureError` if it cannot be had."""
        if self._wine_wanted == "host":
            return find_wine()
        if why := namespaces.why_no_namespaces():
            raise InfrastructureError(
                f"A Wine machine needs namespaces, which this system does not permit ({why}).",
                hint="Run as root, or permit user namespaces (see: bvt doctor); else install Wine here and set "
                "wine: host in the pool.",
            )
        return ensure_root(self._state, progress).wine()

    def create(self, spec: MachineSpec, deadline: Deadline) -> Machine:
        if self._means is None or spec.image != IMAGE_NAME:
            self.prepare(spec.image, lambda _: None)
        means = self._means
        assert means is not None
        if not spec.media.is_dir():
            raise ConfigurationError(f"the media directory {spec.media} does not exist.", key="media")
        copied = TEMPLATE_MB if means.clone is CloneMethod.COPY else 0
        require_room(self._state.machines, MACHINE_MB + copied, f"A Wine machine for {spec.cell_id}")
        berth = self._spare(means) or self._open_berth(means)
        done = False
        try:
            berth.intent.assign(run_id=spec.run_id, cell_id=spec.cell_id)
            order = start_machine(spec, berth, deadline)
            with contextlib.suppress(HarnessError):  # then the next machine says what is wrong
                self._spares.append(self._open_berth(means))
            done = True
        except OSError as error:
            raise InfrastructureError(
                f"A Wine machine for {spec.cell_id} could not be started: {error}."
            ) from error
        finally:
            if not done:  # also on Ctrl-C
                _remove(berth)
        image = means.template.info()
        return WineMachine(self._state, berth.intent, berth.plan, order, image, berth.access, berth.leash)

    def _spare(self, means: Means) -> MannedBerth | None:
        """The berth that was made ahead, if it is still good."""
        while self._spares:
            berth = self._spares.pop()
            if berth.means == means and berth.ready:
                return berth
            with contextlib.suppress(HarnessError, OSError):  # what stays of it is found by `bvt clean`
                _remove(berth)
        return None

    def _open_berth(self, means: Means) -> MannedBerth:
        """A berth with an intent of its own. Raises `InfrastructureError` after removing what it made."""
        intent = IntentFile.begin(self._state.intents, provider=self.name, run_id=SPARE)
        root = self._state.machines / intent.intent.machine_id
        done = False
        try:
            disused.note_use(means.template.prefix.parent)
            intent.add(directory=str(root), prefix=str(root / "prefix"), image=IMAGE_NAME)
            berth = open_berth(means, intent, root)
            done = True
        except OSError as error:
            raise InfrastructureError(f"No place for a Wine machine could be made: {error}.") from error
        finally:
            if not done:  # also on Ctrl-C
                remove_all(intent.intent)
                intent.done()
                reap_ended()
        return berth

    def reopen(self, machine_id: str) -> WineMachine:
        """A kept machine of an earlier run. Raises `ConfigurationError` if there is none of that id."""
        for intent in read_intents(self._state.intents):
            if intent.machine_id == machine_id and intent.provider == self.name:
                return reopen(self._state, intent, self.prepare(IMAGE_NAME, lambda _: None))
        raise ConfigurationError(
            f"there is no Wine machine {machine_id!r}.", hint="List the kept ones with: bvt shell"
        )

    def only_image(self) -> str:
        return IMAGE_NAME

    def capacity(self, memory_mb: int, cpus: int) -> int:
        """Three times the processors and one, as a cell mostly waits, within free memory; none is reserved."""
        del memory_mb, cpus
        by_memory = psutil.virtual_memory().available // MEMORY_PER_MACHINE
        return max(1, min(3 * (os.cpu_count() or 1) + 1, by_memory))

    def reclaim(self, intent_file: Path) -> Sequence[str]:
        intent = read_intent(intent_file)
        if intent is None:
            return ()
        removed = remove_all(intent)
        kept.drop(self._state, intent.machine_id)
        intent_file.unlink(missing_ok=True)
        return removed

    def disused(self, without: Collection[str] = ()) -> Sequence[Disused]:
        del without  # the kernel says who stands on a template
        try:
            return [
                *disused.disused(self._state.images, self._current_template()),
                *disused.without_intent(self._state.machines, self._state.intents),
            ]
        except OSError as error:
            raise InfrastructureError(f"{self._state.root} cannot be looked through: {error}.") from error

    def remove(self, leftover: Disused) -> bool:
        if leftover.path.parent == self._state.machines:
            return disused.remove_without_intent(leftover.path, self._state.intents)
        return disused.remove(leftover, self._current_template())

    def close(self) -> None:
        """Remove the berth that was made ahead; what cannot be removed goes with its supervisor."""
        while self._spares:
            with contextlib.suppress(HarnessError, OSError):
                _remove(self._spares.pop())

    def _current_template(self) -> Path | None:
        """Where this Wine's template is or would be; None if there is no Wine yet, or none that runs."""
        try:
            wine = find_wine() if self._wine_wanted == "host" else known_wine(self._state)
            return template_directory(self._state, wine) if wine else None
        except InfrastructureError:
            return None

    def findings(self) -> Sequence[Finding]:
        return wine_findings(self._state, self._method, hosts_own=self._wine_wanted == "host")

    def _method(self) -> tuple[CloneMethod, bool, str]:
        """Clone method, namespaces or not, and why nothing better."""
        isolated = self._namespaces_wanted == "auto" and not namespaces.why_no_namespaces()
        best, reason = clone.prove(self._state.images)
        if self._clone_wanted != "auto":
            best = CloneMethod(self._clone_wanted)
            reason = "the pool's options say so"
        if best.mounts and not isolated:
            best, reason = CloneMethod.HARD_LINKS, "an overlay needs namespaces"
        return best, isolated, reason


def _remove(berth: MannedBerth) -> None:
    try:
        remove_all(berth.intent.intent)
        berth.intent.done()
    finally:
        berth.leash.close()
        reap_ended()


def _choice(value: object, key: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise ConfigurationError(f"{value!r} is none of {', '.join(allowed)}.", key=f"options.{key}")
    return str(value)
