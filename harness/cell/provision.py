"""A cell's machine: asked for, made, replaced when it is lost before the candidate came, and connected to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.backend.interface import Backend, Enrolment
from harness.cell.best_effort import BestEffort
from harness.cell.collector import TRANSCRIPT, Collector
from harness.cell.parting import abandon
from harness.cell.recorder import CellRecorder
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.provider import Machine, MachineProvider
from harness.model.deadline import Deadline
from harness.model.errors import HarnessError, InfrastructureError
from harness.model.machine import MachineSpec
from harness.model.plan import Cell
from harness.model.report import Outcome
from harness.model.substrate import slowness
from harness.rundir.attempts import earlier_attempts
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import RunSettings


def machine_spec(cell: Cell, settings: RunSettings, run: RunDirectory, backend: Backend) -> MachineSpec:
    """The machine that a cell asks its provider for."""
    pool = settings.pool
    return MachineSpec(
        run_id=settings.run_id,
        cell_id=cell.id,
        image=pool.base_image or cell.image,
        windows=cell.windows,
        media=run.media,
        backend=backend.address,
        memory_mb=pool.memory_mb,
        cpus=pool.cpus,
    )


class Provision:
    """The machine of one cell and the connection to its guest. Each attempt to have one is on the record.

    `spec`: what is asked of the provider; `enrolment`: what the agent needs to check in, a secret among it.
    """

    def __init__(
        self,
        provider: MachineProvider,
        settings: RunSettings,
        recorder: CellRecorder,
        collector: Collector,
        best_effort: BestEffort,
        *,
        spec: Callable[[], MachineSpec],
        enrolment: Callable[[], Enrolment],
    ) -> None:
        self._provider, self._settings = provider, settings
        self._recorder, self._collector, self._best_effort = recorder, collector, best_effort
        self._spec, self._enrolment = spec, enrolment
        recorder.attempts = list(earlier_attempts(recorder.directory))
        self._attempts_before = len(recorder.attempts)
        self.machine: Machine | None = None
        """None before the first use, and between a machine that is lost and the next one."""
        self.guest: Guest | None = None
        """Of the machine; there whenever that is."""
        self.lost: HarnessError | None = None
        """Why there is no machine any more for what is left of the cell."""
        self.secrets: set[str] = set()
        """Passwords and enrolment secrets of every machine of this cell, to be masked."""
        self._transcript: Transcript | None = None
        self._earlier_guests_s = 0.0

    @property
    def transcript_lines(self) -> int:
        """Lines of the cell's transcript so far."""
        return self._transcript.lines if self._transcript is not None else 0

    @property
    def guest_s(self) -> float:
        """Seconds spent in guest commands so far, on every machine of this cell."""
        return self._earlier_guests_s + (self.guest.guest_s if self.guest is not None else 0.0)

    def ensure(self) -> Machine:
        """The machine, made if need be; a failed attempt is tried again as often as the run allows.

        Raises what the cell is lost by: `InfrastructureError` once every attempt is used up.
        """
        while self.machine is None:
            if self.lost is not None:
                raise self.lost
            self._recorder.begin_attempt()
            try:
                self._make_machine()
            except InfrastructureError as error:
                self.give_up(error)
        return self.machine

    @contextmanager
    def sibling(self, name: str) -> Iterator[tuple[Machine, Guest]]:
        """Another machine like the cell's, for as long as the block lasts. `name`: of its transcript.

        Raises `InfrastructureError` if it cannot be had, and what the guest layer raises.
        """
        machine = self._provider.create(self._spec(), Deadline.after(self._settings.pool.ready_deadline_s))
        try:
            secrets = self.secrets | {machine.winrm.password.get_secret_value()}
            path = self._recorder.directory / f"{name}.jsonl"
            transcript = Transcript(
                path, cell=self._recorder.cell.id, machine=machine.machine_id, secrets=secrets
            )
            guest = _guest_of(machine, transcript)
            try:
                yield machine, guest
            finally:
                guest.close()
        finally:
            machine.destroy()

    def _make_machine(self) -> None:
        with self._recorder.stopwatch.waiting():
            ready = Deadline.after(self._settings.pool.ready_deadline_s)
            self.machine = self._provider.create(self._spec(), ready)
        machine = self.machine
        recorder = self._recorder
        recorder.amend_attempt(machine_id=machine.machine_id)
        recorder.substrate, recorder.guest_system = machine.substrate, machine.guest_system
        recorder.image, recorder.image_digest = machine.image.name, machine.image.digest
        self.secrets.update((machine.winrm.password.get_secret_value(), self._enrolment().secret))
        self._transcript = transcript = Transcript(
            self._recorder.directory / TRANSCRIPT,
            cell=self._recorder.cell.id,
            machine=machine.machine_id,
            secrets=self.secrets,
        )
        self.guest = _guest_of(machine, transcript)

    def give_up(self, error: InfrastructureError) -> None:
        """Record the attempt as lost, keep what the outside can tell, and make room for the next one."""
        if not self._recorder.attempts:
            self._recorder.begin_attempt()
        message = str(error)
        if self.machine is not None and (reason := self.machine.condition().reason) not in message:
            message = f"{message} ({reason})"
        self._recorder.amend_attempt(outcome=Outcome.INFRA, message=message)
        number = len(self._recorder.attempts)
        if self.machine is not None:
            with self._best_effort(f"collected from the machine of attempt {number}"):
                self._collector.from_outside(self.machine, f"attempt-{number}")
            abandon(self.machine, self._recorder)
        if self.guest is not None:
            self.guest.close()
        self._earlier_guests_s = self.guest_s
        self.machine = self.guest = None
        if number - self._attempts_before > self._settings.infra_retries:
            self.lost = error
            raise error


def _guest_of(machine: Machine, transcript: Transcript) -> Guest:
    return Guest(
        machine.winrm,
        transcript,
        media_root=machine.media_root,
        slowness=slowness(machine.substrate),
    )
