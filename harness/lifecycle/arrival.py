"""How the candidate comes onto the machine: its installer, in place of an earlier release or not, and its files."""

import time
from collections.abc import Mapping

from harness.guest.msi.result import InstallerBusy, MsiResult
from harness.lifecycle.booting import Booting
from harness.lifecycle.earlier import Earlier
from harness.lifecycle.footprint import footprint
from harness.lifecycle.inspection import inspect
from harness.lifecycle.installers import Installers
from harness.lifecycle.others import crashed
from harness.lifecycle.removals_on_wine import replacing
from harness.lifecycle.short_lived_secrets import watch
from harness.lifecycle.written_files import STOP_S, WrittenFiles
from harness.model.report import Outcome
from harness.residue.short_lived import ShortLived


class Arrival(Installers, Booting):
    """The part of a timeline that brings the candidate. From its first work on a silent guest may be its doing."""

    earlier: Earlier | None
    short_lived: ShortLived | None
    written: WrittenFiles
    crashes_before: int

    @property
    def arrival(self) -> "Arrival":
        """The part of the step by which the candidate came, which may be an earlier one."""
        raise NotImplementedError

    @property
    def arrived(self) -> str:
        """The id of the check that tells whether the candidate came onto the machine."""
        return f"{self.arrival.phase}.exit_code"

    @property
    def came(self) -> bool:
        """Whether the candidate came onto the machine."""
        return self.session.recorder.outcomes.get(self.arrived) is Outcome.PASSED

    @property
    def departure(self) -> str:
        """What the machine is looked at after: not every candidate comes to its uninstall, or through it."""
        outcomes = self.session.recorder.outcomes
        if not self.came:
            return "the failed installation" if self.arrived.startswith("install") else "the failed upgrade"
        if outcomes.get("uninstall.exit_code") is Outcome.FAILED:
            return "the failed uninstall"
        return "the uninstall"

    def look_before_it_comes(self) -> None:
        """What is known of the machine, and of an earlier release, right before the candidate's first step."""
        self.crashes_before = len(crashed(self.session))
        if self.earlier is not None and any("footprint" in step.keeps for step in self.session.cell.steps):
            self.earlier.footprint = footprint(
                inspect(self.session.guest, self.session.profile), self.session
            )

    def before_its_first_work(self) -> None:
        """What the candidate finds on the machine, laid there; from here on what happens may be its doing."""
        session = self.session
        self.bring_authority()
        self.written.look_before(session.guest, [file.path for file in session.profile.guest_files])
        session.candidate_touched = True

    def install(self) -> MsiResult:
        """Install it, write the files that the profile names, reboot where it declares so. Raises `InstallerBusy`."""
        session = self.session
        session.guest.services.processes.forget()
        self.before_its_first_work()
        if self.earlier is not None:
            self.stop_what_the_installer_stops(self.earlier.release)
            self.earlier.replaced_at = time.time()
        self.short_lived = watch(session)
        try:
            result = self._run_candidate()
        except InstallerBusy:
            session.candidate_touched = False  # nothing of it ever ran
            raise
        if result.succeeded:
            self._write_guest_files()
            self.reboot_as_declared("install", result)
        return result

    def _run_candidate(self) -> MsiResult:
        """Its installer, maybe in place of an earlier release."""
        session, earlier = self.session, self.earlier

        def install(more: Mapping[str, str]) -> MsiResult:
            return self.run_package(session.candidate, "candidate", {**self.properties(), **more}, self.phase)

        if earlier is None:
            return install({})
        given = self.rendered(session.profile.installer.properties, earlier.release)
        return replacing(session, earlier.release, session.candidate, given, self.properties(), install)

    def _write_guest_files(self) -> None:
        guest = self.session.guest
        for file in self.session.profile.guest_files:
            self.written.write(guest, file.path, self.render(file.content).encode())
            if file.restart_service:
                guest.services.stop(file.restart_service, self.session.within(STOP_S))
                guest.services.start(file.restart_service, self.session.within(STOP_S))
