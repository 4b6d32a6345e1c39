"""One cell being run: its machine, its guest, its backend, and who is to blame when one goes silent."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import MappingProxyType
from typing import TypeVar

from harness.backend.interface import Backend, Enrolment
from harness.cell.agent_silence import AgentSilence
from harness.cell.best_effort import BestEffort
from harness.cell.blame import Inquiry
from harness.cell.collector import Collector
from harness.cell.familiar import Familiar
from harness.cell.malware import the_labs_own
from harness.cell.of_wine import OfWine
from harness.cell.parting import part_with
from harness.cell.provision import Provision, machine_spec
from harness.cell.recorder import CellRecorder
from harness.cell.secrets import redact
from harness.guest.guest import Guest
from harness.machines.capabilities import HasOverlay, Overlay
from harness.machines.provider import Machine, MachineProvider
from harness.model.candidate import Candidate
from harness.model.deadline import Deadline
from harness.model.errors import HarnessError, InfrastructureError
from harness.model.masking import mask
from harness.model.plan import Cell
from harness.model.profile import AgentProfile
from harness.model.release import ReleaseName
from harness.model.relocation import relocated
from harness.model.report import CellReport, Excuse, ExcusedBy, Outcome
from harness.model.steps import into
from harness.model.substrate import slowness
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import RunSettings

Answer = TypeVar("Answer")


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
        self.candidate_touched = False
        self.expected_boots = 1
        self._disturbances: list[float] = []
        self.at_the_end = ExitStack()
        """What is to be ended with the cell, before its machine is."""
        self.lost_by = ""
        """Id of the check in which the machine was found lost to the whole cell."""
        self.silence = AgentSilence(cell.id, backend)
        self._of_wine = OfWine(cell.id, backend, self._profile, self.excuse)
        self.familiar = Familiar()
        self.on_kept: Callable[[str], None] = lambda _: None
        """Called with the id of a machine that is kept with the agent on it: its backend is to outlive the run."""
        self._enrolment: Enrolment | None = None
        self._best_effort = BestEffort()
        self._collector = Collector(self.recorder, self._profile, backend, self._best_effort)
        self._provision = Provision(
            provider,
            settings,
            self.recorder,
            self._collector,
            self._best_effort,
            spec=lambda: machine_spec(cell, settings, run, backend),
            enrolment=lambda: self.enrolment,
        )

    @property
    def profile(self) -> AgentProfile:
        """The agent profile of this run; of a cell whose product goes to another folder, with that folder."""
        return self._profile

    @property
    def machine(self) -> Machine:
        """The cell's machine, made on first use. Raises `InfrastructureError` once every attempt is used up."""
        return self._provision.ensure()

    @property
    def guest(self) -> Guest:
        """The guest of the cell's machine."""
        _ = self.machine
        assert self._provision.guest is not None
        return self._provision.guest

    @property
    def lost(self) -> HarnessError | None:
        """Why the cell has no machine any more; None while it has one, or may get one."""
        return self._provision.lost

    def within(self, seconds: float) -> Deadline:
        """A deadline of the profile's for what the agent does, stretched where the substrate makes it late."""
        machine = self.machine
        return Deadline.after(seconds * slowness(machine.substrate) + self._of_wine.granted_s(machine))

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
        guest = self._provision.guest
        orders = guest.services.processes.orders if guest is not None else ()
        return (*self._disturbances, *orders)

    @property
    def transcript_lines(self) -> int:
        """Lines of the cell's transcript so far."""
        return self._provision.transcript_lines

    @property
    def guest_s(self) -> float:
        """Seconds spent in guest commands so far, on every machine of this cell."""
        return self._provision.guest_s

    def masked(self, text: str) -> str:
        """`text` without this cell's secrets."""
        return mask(text, self._provision.secrets)

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
                self._provision.give_up(error)

    def attribute(self, error: BaseException, *, counts_on_agent: bool = False) -> BaseException:
        """Who is to blame for a check that raised `error`; a machine that is lost is lost to the whole cell.

        `counts_on_agent`: whether the check judges what the agent did over time.
        """
        machine, guest = self._provision.machine, self._provision.guest
        if machine is None or guest is None or self.lost is not None:
            return error
        found = Inquiry(
            machine,
            guest,
            candidate_touched=self.candidate_touched,
            expected_boots=self.expected_boots,
        ).blame(error)
        if found.lost is not None:
            self._provision.lost = found.lost
            self.recorder.amend_attempt(
                outcome=Outcome.INFRA if isinstance(found.lost, InfrastructureError) else Outcome.FAILED,
                message=str(found.lost),
            )
        if self.lost is not None:
            return found.error
        error = the_labs_own(found.error, machine.guest_system, guest)
        if self.candidate_touched and error is found.error:
            began = self.recorder.attempts[-1].began
            error = self._of_wine.explains(error, machine, guest, began, over_time=counts_on_agent)
            return self.familiar.judge(error, guest)
        return error

    def close(self) -> CellReport:
        """Collect evidence, end or keep the machine, seal the report. Runs whatever happened before.

        Evidence that could not be had is named in the last attempt and in `not-collected.txt`.
        """
        machine, guest = self._provision.machine, self._provision.guest
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
            self._provision.secrets.update(self.backend.credentials(self.cell.id))
        with self._best_effort("masked"):
            redact(self.directory, self._provision.secrets)
        with self._best_effort("written: the transcript as a page"):
            self._collector.write_transcript_page()
        self._collector.say_what_is_missing(self.masked)
        self.recorder.mask(self.masked)
        return self.recorder.seal()

    def collect_from_agent(self) -> None:
        """Save the agent's logs and what it says of itself, before something takes them away. Raises nothing."""
        self._collector.from_agent(self.guest)

    @property
    def overlay(self) -> Overlay | None:
        """What the cell's machine wrote over its image, if it can be read from outside."""
        machine = self.machine
        return machine.overlay() if isinstance(machine, HasOverlay) else None

    def sibling(self, name: str) -> AbstractContextManager[tuple[Machine, Guest]]:
        """Another machine like the cell's, for as long as the block lasts. `name`: of its transcript.

        Raises `InfrastructureError` if it cannot be had, and what the guest layer raises.
        """
        return self._provision.sibling(name)
