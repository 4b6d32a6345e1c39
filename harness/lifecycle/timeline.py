"""What happens to a machine between its start and its end. Each action runs once; checks look at its result."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from harness.backend.interface import Endpoint
from harness.cell.check import Blocked
from harness.cell.session import CellSession
from harness.guest.facts import BootIdentity
from harness.guest.msi.result import MsiResult
from harness.lifecycle.agent_log import Provoked
from harness.lifecycle.arrival import Arrival
from harness.lifecycle.attempt import Attempt
from harness.lifecycle.baseline import Baseline, is_still_clean, take_baseline
from harness.lifecycle.earlier import Earlier
from harness.lifecycle.enrolment import await_enrolment
from harness.lifecycle.inspection import Inspection, files_there, stand_of_files
from harness.lifecycle.lasting import Lasting
from harness.lifecycle.once import forget, once
from harness.lifecycle.others import Ended
from harness.lifecycle.settling import outlast, settled
from harness.lifecycle.watch import Watch
from harness.lifecycle.written_files import WrittenFiles
from harness.model.candidate import Candidate
from harness.model.deadline import Deadline
from harness.model.report import Outcome, Phase
from harness.probe.answers.files import FileFacts
from harness.residue.short_lived import ShortLived
from harness.residue.snapshot import Snapshot, look_for_dropped
from harness.residue.surroundings import Surroundings, look_around

Act = Callable[["Timeline"], object]
"""What a step does."""
Around = Callable[["Timeline", Phase], AbstractContextManager[bool]]
"""Makes the machine as dirty as the scenario has it for a step, until the step is done; whether it did anything."""


class Timeline(Arrival, Watch):
    """The actions of one cell, each made when the first check asks for it.

    A step that changes the product (repair, reinstall …) has a timeline of its own, which begins with what it does to
    the machine of the one `before` it: whoever looks at it sees the machine after that step.
    """

    def __init__(
        self,
        session: CellSession,
        *,
        phase: Phase = Phase.INSTALL,
        prelude: Sequence[Act] = (),
        before: "Timeline | None" = None,
        act: "Callable[[Timeline], MsiResult] | None" = None,
        attempt: "Callable[[Timeline], Attempt] | None" = None,
        arrives: bool = True,
        around: Around | None = None,
    ) -> None:
        self.session, self.phase, self.before = session, phase, before
        self.nonce: str = before.nonce if before else f"bvt{secrets.token_hex(6)}"
        self.asked_in_vain: Sequence[float] = ()
        """When requests failed while a scenario's backend was down at the installation, in seconds since the epoch."""
        self.boot_after: dict[str, BootIdentity] = {}
        """The boots that installer or uninstaller asked for and the profile declares (`installer.reboot_after`)."""
        self.earlier: Earlier | None = None
        """What was seen of the earlier release, where the candidate takes one's place."""
        self.seen_before: Endpoint | None = None
        """The agent as the backend knew it right before a step that must keep its identity."""
        self.neighbours: Sequence[str] = ()
        """Files of another product that were put into the vendor's folders for an uninstall."""
        self.neighbours_gone: Sequence[str] = ()
        """Those that went with it."""
        self.logs: set[str] = before.logs if before else set()
        """Installers' logs in the guest, in lower case: the harness's own files."""
        self.on_machine: Candidate = before.on_machine if before else session.candidate
        """The release that this step leaves installed."""
        self.descendants: set[tuple[int, str]] = before.descendants if before else set()
        """The agent's processes and all that came from them at any look, by id and program in lower case."""
        self.ended: Ended = before.ended if before else Ended()
        """Processes of others that were there before the candidate and are gone."""
        self.short_lived: ShortLived | None = None
        """What watches files that lie on the machine for a moment only; None where nothing does."""
        self.crashes_before = 0
        """How many programs had crashed before the candidate came."""
        self._prelude, self._act, self._attempt, self._arrives = prelude, act, attempt, arrives
        self._around: Around = around or (before._around if before else lambda *_: nullcontext(False))
        self.leaves_twice: Callable[[Timeline], Attempt] | None = None
        """What breaks the uninstall off, before it is done to its end."""
        self.written: WrittenFiles = before.written if before else WrittenFiles()
        """The files that the profile has the harness write."""
        self.lasting: Lasting = before.lasting if before else Lasting()
        """What a scenario's dirt has done that is there still: ended before the next step."""
        self._settle: Deadline | None = None
        self.said: dict[str, str] = before.said if before else {}
        """What commands of the agent that the profile names printed last, by what they were asked for."""
        self.provoked: Provoked = before.provoked if before else Provoked()
        """The errors in the agent's logs that are answers to what the harness did."""

    @property
    def arrival(self) -> "Timeline":
        """The timeline of the step by which the candidate came."""
        return self.before.arrival if self.before else self

    @once
    def prepared(self) -> None:
        """The machine right before the candidate's first step, whatever is done with earlier releases behind it."""
        while not self.session.before_candidate(self._come_to_candidate):
            # before_candidate replaced the machine: the clean state has to be looked at anew.
            forget(self, "baseline")

    @once
    def attempted(self) -> Attempt | None:
        """What the scenario does not let come to its end, done; None where it has nothing of the kind."""
        if self._attempt is None:
            return None
        _ = self.prepared
        self.before_its_first_work()
        return self._attempt(self)

    def reach(self) -> None:
        """Everything up to the end of the candidate's first step, done."""
        _ = self.installation if self._arrives else self.attempted

    @once
    def baseline(self) -> Baseline:
        """Plant the sentinels and look at the clean machine. A machine lost here is replaced."""
        if self.before is not None:
            return self.before.baseline
        found = self.session.before_candidate(
            lambda: take_baseline(self.session, self.nonce, lambda: self._around(self, Phase.MACHINE))
        )
        self.ended.begin(found.snapshot.standing, self.session.machine.condition().boots)
        return found

    @once
    def installation(self) -> MsiResult:
        """Do what this step does to the product: install the candidate, upgrade to it, repair it …, once.

        From the first on a silent guest may be the candidate's doing.
        """
        if self.before is not None:
            assert self._act is not None
            _ = self.before.installation
            self.lasting.end()
            self.session.guest.services.processes.forget()
            return self._act(self)
        intact = f"{self.phase}.package_intact"
        if self.session.recorder.outcomes.get(intact) is Outcome.FAILED:
            raise Blocked(f"blocked by {intact}: a changed package is not installed", intact)
        _ = self.prepared, self.attempted
        with self._around(self, self.phase):
            return self.install()

    @once
    def inspection(self) -> Inspection:
        """The installed candidate, looked at once."""
        _ = self.installation
        return self.look(f"after the step {self.phase.value}")

    @once
    def used(self) -> Inspection:
        """The same after use, right before the uninstall, with the registry saved where it can be read from outside."""
        _ = self.inspection
        return self.look(used=True, saves=self.baseline.whole is not None)

    @once
    def dropped(self) -> frozenset[str]:
        """Programs and packages in the folders for temporary files, once the candidate is installed."""
        _ = self.installation
        return look_for_dropped(self.session.guest) - self.baseline.snapshot.dropped

    @once
    def installed(self) -> Mapping[str, FileFacts]:
        """Every file and folder of the agent with its owner and access list, by path in lower case."""
        _ = self.installation
        return stand_of_files(self.session.guest, self.session.profile)

    @once
    def endpoint(self) -> Endpoint:
        """The agent at its backend. Raises `CandidateError` if it does not enrol within the profile's deadline."""
        _ = self.installation
        return self.enrolled("its installation")

    def enrolled(self, since: str) -> Endpoint:
        """The agent at its backend, waited for. Raises what `await_enrolment` does."""
        return await_enrolment(self.session, self.baseline.version, since)

    def provoking(self) -> AbstractContextManager[None]:
        """A block in which the agent meets trouble that the harness makes, and may say so in its log."""
        return self.provoked.during(self.session.guest, self.session.profile)

    def dirty(self, phase: Phase) -> AbstractContextManager[bool]:
        """What is wrong with the machine when this step begins, as the scenario has it; whether anything is."""
        return self._around(self, phase)

    @once
    def uninstallation(self) -> MsiResult:
        """Uninstall the candidate, once. Blocked if it never got installed."""
        if not self.came:
            raise Blocked(f"blocked by {self.arrived}: there is nothing to uninstall", self.arrived)
        self.lasting.end()
        self.session.collect_from_agent()
        first = self.leaves_twice(self) if self.leaves_twice is not None else None
        if first is not None and first.result is not None and first.result.succeeded:
            self.session.note("not repeated", "it had ended before it was broken off")
            return first.result
        with self._around(self, Phase.UNINSTALL):
            result = self.uninstall_now("uninstall")
        self.reboot_as_declared("uninstall", result)
        return result

    @once
    def after(self) -> Snapshot:
        """The machine after the uninstall (or after a failed install)."""
        self.arrival.reach()
        if self.came:
            _ = self.uninstallation
        self.written.take_away(self.session.guest)
        looked, self._settle = settled(self.session, self.baseline.snapshot, self.properties)
        self.ended.look(looked.alive, self.session.machine.condition().boots, f"after {self.departure}")
        return looked.without(self.nonce)

    @once
    def later(self) -> frozenset[str]:
        """The agent's files at the end, not before `settle_s` and a little more have passed."""
        _ = self.after
        outlast(self.session, self._settle)
        return files_there(self.session.guest, self.session.profile)

    @once
    def surroundings(self) -> Surroundings:
        """What the candidate made of the environment and of the system's programs, once it is installed."""
        _ = self.installation
        return look_around(self.session.guest)

    @once
    def surroundings_after(self) -> Surroundings:
        """The same after the uninstall."""
        _ = self.after
        return look_around(self.session.guest)

    def _come_to_candidate(self) -> bool:
        """What is done with earlier releases; False on a machine that the baseline was not taken of."""
        if not is_still_clean(self.session, self.baseline):
            return False
        for act in self._prelude:
            act(self)
        self.look_before_it_comes()
        return True
