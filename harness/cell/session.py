"""One cell being run: its machine, its guest, its backend, and who is to blame when one goes silent."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import TypeVar

from harness.backend.interface import Backend, Enrolment
from harness.cell.agent_silence import AgentSilence
from harness.cell.best_effort import BestEffort
from harness.cell.blame import Inquiry
from harness.cell.collector import TRANSCRIPT, Collector
from harness.cell.familiar import Familiar
from harness.cell.malware import the_labs_own
from harness.cell.parting import abandon, part_with
from harness.cell.recorder import CellRecorder
from harness.cell.secrets import redact
from harness.cell.started_anew import require_started_anew
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.capabilities import HasOverlay, Overlay
from harness.machines.provider import Machine, MachineProvider
from harness.model.candidate import Candidate
from harness.model.deadline import Deadline
from harness.model.errors import HarnessError, InfrastructureError
from harness.model.machine import MachineSpec
from harness.model.masking import mask
from harness.model.plan import Cell
from harness.model.profile import AgentProfile
from harness.model.release import ReleaseName
from harness.model.relocation import relocated
from harness.model.report import CellReport, Excuse, ExcusedBy, Outcome
from harness.model.steps import into
from harness.model.substrate import slowness
from harness.rundir.attempts import earlier_attempts
from harness.rundir.directory import RunDirectory, RunSettings

Answer = TypeVar("Answer")


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


class CellSession:
    """What every check gets. The machine is made when the first check asks for its guest."""

    def __init__(
        self,
        cell: Cell,
        *,
        candidate: Candidate,
        plan_digest: str,
        settings: RunSettings,
        run: RunDirectory,
        provider: MachineProvider,
        backend: Backend,
        releases: Mapping[ReleaseName, Candidate] = MappingProxyType({}),
    ) -> None:
        self.cell, self.candidate, self.settings, self.run = cell, candidate, settings, run
        self.releases = releases
        folder = into(cell.steps)
        self._profile = relocated(settings.profile, folder) if folder else settings.profile
        self.backend = backend
        self.directory = run.cell(cell.id)
        self.recorder = CellRecorder(
            settings.run_id, plan_digest, cell, self.directory, guest_clock=lambda: self.guest_s
        )
        self.recorder.attempts = list(earlier_attempts(self.directory))
        self._attempts_before = len(self.recorder.attempts)
        self.candidate_touched = False
        self.expected_boots = 1
        self._disturbances: list[float] = []
        self.at_the_end = ExitStack()
        """What is to be ended with the cell, before its machine is."""
        self.lost: HarnessError | None = None
        self.lost_by = ""
        """Id of the check in which the machine was found lost to the whole cell."""
        self.silence = AgentSilence(cell.id, backend)
        self.familiar = Familiar()
        self.on_kept: Callable[[str], None] = lambda _: None
        """Called with the id of a machine that is kept with the agent on it: its backend is to outlive the run."""
        self._provider = provider
        self._machine: Machine | None = None
        self._guest: Guest | None = None
        self._transcript: Transcript | None = None
        self._earlier_guests_s = 0.0
        self._enrolment: Enrolment | None = None
        self._secrets: set[str] = set()
        self._best_effort = BestEffort()
        self._collector = Collector(self.recorder, self._profile, backend, self._best_effort)

    @property
    def profile(self) -> AgentProfile:
        """The agent profile of this run; of a cell whose product goes to another folder, with that folder."""
        return self._profile

    @property
    def machine(self) -> Machine:
        """The cell's machine, made on first use. Raises `InfrastructureError` once every attempt is used up."""
        if self._machine is None:
            self._provision()
        assert self._machine is not None
        return self._machine

    @property
    def guest(self) -> Guest:
        """The guest of the cell's machine."""
        _ = self.machine
        assert self._guest is not None
        return self._guest

    def within(self, seconds: float) -> Deadline:
        """A deadline of the profile's for what the agent does, stretched where the substrate is slow."""
        return Deadline.after(seconds * slowness(self.machine.substrate))

    def patience(self, seconds: float) -> Deadline:
        """Like `within`, for a sign of life of the agent: one that was found silent is not waited for so long again."""
        return self.silence.patience(self.within(seconds))

    @property
    def enrolment(self) -> Enrolment:
        """What this cell's agent needs in order to check in."""
        if self._enrolment is None:
            base = self.profile.configuration.base if self.profile.configuration else None
            self._enrolment = self.backend.admit(self.cell.id, base)
        return self._enrolment

    def disturb(self, at: float | None = None) -> None:
        """Put on record that the harness does something that may silence the agent: now, or `at` an earlier moment."""
        self._disturbances.append(time.time() if at is None else at)

    @property
    def disturbed(self) -> Sequence[float]:
        """When it did, in seconds since the epoch, services that it stopped or started among it."""
        orders = self._guest.services.processes.orders if self._guest is not None else ()
        return (*self._disturbances, *orders)

    @property
    def transcript_lines(self) -> int:
        """Lines of the cell's transcript so far."""
        return self._transcript.lines if self._transcript is not None else 0

    @property
    def guest_s(self) -> float:
        """Seconds spent in guest commands so far, on every machine of this cell."""
        return self._earlier_guests_s + (self._guest.guest_s if self._guest is not None else 0.0)

    def masked(self, text: str) -> str:
        """`text` without this cell's secrets."""
        return mask(text, self._secrets)

    def identify(self, identity: str) -> None:
        """Tell the backend which host identifier to expect; an external one finds the endpoint by it."""
        self.backend.identify(self.cell.id, identity)

    def note(self, name: str, value: object) -> None:
        """Add a fact to the result of the check in hand."""
        self.recorder.details[name] = str(value)

    def excuse(self, what: str, reason: str, by: ExcusedBy = ExcusedBy.PROFILE) -> None:
        """Put on record what the check in hand found and does not hold against the candidate. Reports show it."""
        self.recorder.excuses.append(Excuse(what=what, by=by, reason=reason))

    def before_candidate(self, action: Callable[[], Answer]) -> Answer:
        """Run an action that comes before the candidate; a machine lost in it is replaced, on the record."""
        while True:
            try:
                return action()
            except InfrastructureError as error:
                if self.candidate_touched or self.lost is not None:
                    raise
                self._give_up_machine(error)

    def attribute(self, error: BaseException, *, counts_on_agent: bool = False) -> BaseException:
        """Who is to blame for a check that raised `error`; a machine that is lost is lost to the whole cell.

        `counts_on_agent`: whether the check judges what the agent did over time.
        """
        if self._machine is None or self._guest is None or self.lost is not None:
            return error
        found = Inquiry(
            self._machine,
            self._guest,
            candidate_touched=self.candidate_touched,
            expected_boots=self.expected_boots,
        ).blame(error)
        if found.lost is not None:
            self.lost = found.lost
            self.recorder.amend_attempt(
                outcome=Outcome.INFRA if isinstance(self.lost, InfrastructureError) else Outcome.FAILED,
                message=str(self.lost),
            )
        if self.lost is not None:
            return found.error
        error = the_labs_own(found.error, self._machine.guest_system, self._guest)
        if self.candidate_touched and error is found.error:
            error = require_started_anew(
                error, self._machine, self._guest, self.profile, over_time=counts_on_agent
            )
            return self.familiar.judge(error, self._guest)
        return error

    def close(self) -> CellReport:
        """Collect evidence, end or keep the machine, seal the report. Runs whatever happened before.

        Evidence that could not be had is named in the last attempt and in `not-collected.txt`.
        """
        machine, guest = self._machine, self._guest
        with self._best_effort("ended: what watched the machine"):
            self.at_the_end.close()
        try:
            if machine is not None and guest is not None:
                self._collector.at_the_end(machine, guest, lost=self.lost is not None)
        finally:
            if guest is not None:
                with self._best_effort("closed: the connection to the guest"):
                    guest.close()
            if machine is not None:
                part_with(machine, self.settings, self.recorder, self._best_effort, self.on_kept)
        if self.recorder.attempts and self.recorder.attempts[-1].ended is None:
            self.recorder.end_attempt()
        with self._best_effort("masked: what the backend gave the agent"):
            self._secrets.update(self.backend.credentials(self.cell.id))
        with self._best_effort("masked"):
            redact(self.directory, self._secrets)
        with self._best_effort("written: the transcript as a page"):
            self._collector.write_transcript_page()
        self._collector.say_what_is_missing(self.masked)
        self.recorder.mask(self.masked)
        return self.recorder.seal()

    def collect_from_agent(self) -> None:
        """Save the agent's logs and what it says of itself, before something takes them away. Raises nothing."""
        self._collector.from_agent(self.guest)

    def _provision(self) -> None:
        """Make a machine; a failed attempt is on the record and tried again as often as the run allows."""
        while self._machine is None:
            if self.lost is not None:
                raise self.lost
            self.recorder.begin_attempt()
            try:
                self._make_machine()
            except InfrastructureError as error:
                self._give_up_machine(error)

    @property
    def overlay(self) -> Overlay | None:
        """What the cell's machine wrote over its image, if it can be read from outside."""
        machine = self.machine
        return machine.overlay() if isinstance(machine, HasOverlay) else None

    @contextmanager
    def sibling(self, name: str) -> Iterator[tuple[Machine, Guest]]:
        """Another machine like the cell's, for as long as the block lasts. `name`: of its transcript.

        Raises `InfrastructureError` if it cannot be had, and what the guest layer raises.
        """
        machine = self._provider.create(self._spec(), Deadline.after(self.settings.pool.ready_deadline_s))
        try:
            secrets = self._secrets | {machine.winrm.password.get_secret_value()}
            path = self.directory / f"{name}.jsonl"
            transcript = Transcript(path, cell=self.cell.id, machine=machine.machine_id, secrets=secrets)
            guest = _guest_of(machine, transcript)
            try:
                yield machine, guest
            finally:
                guest.close()
        finally:
            machine.destroy()

    def _spec(self) -> MachineSpec:
        return machine_spec(self.cell, self.settings, self.run, self.backend)

    def _make_machine(self) -> None:
        with self.recorder.stopwatch.waiting():
            ready = Deadline.after(self.settings.pool.ready_deadline_s)
            self._machine = self._provider.create(self._spec(), ready)
        machine = self._machine
        recorder = self.recorder
        recorder.amend_attempt(machine_id=machine.machine_id)
        recorder.substrate, recorder.guest_system = machine.substrate, machine.guest_system
        recorder.image, recorder.image_digest = machine.image.name, machine.image.digest
        self._secrets.update((machine.winrm.password.get_secret_value(), self.enrolment.secret))
        self._transcript = transcript = Transcript(
            self.directory / TRANSCRIPT,
            cell=self.cell.id,
            machine=machine.machine_id,
            secrets=self._secrets,
        )
        self._guest = _guest_of(machine, transcript)

    def _give_up_machine(self, error: InfrastructureError) -> None:
        """Record the attempt as lost, keep what the outside can tell, and make room for the next one."""
        if not self.recorder.attempts:
            self.recorder.begin_attempt()
        message = str(error)
        if self._machine is not None and (reason := self._machine.condition().reason) not in message:
            message = f"{message} ({reason})"
        self.recorder.amend_attempt(outcome=Outcome.INFRA, message=message)
        number = len(self.recorder.attempts)
        if self._machine is not None:
            with self._best_effort(f"collected from the machine of attempt {number}"):
                self._collector.from_outside(self._machine, f"attempt-{number}")
            abandon(self._machine, self.recorder)
        if self._guest is not None:
            self._guest.close()
        self._earlier_guests_s = self.guest_s
        self._machine = self._guest = None
        if number - self._attempts_before > self.settings.infra_retries:
            self.lost = error
            raise error


def _guest_of(machine: Machine, transcript: Transcript) -> Guest:
    return Guest(
        machine.winrm,
        transcript,
        media_root=machine.media_root,
        slowness=slowness(machine.substrate),
    )
