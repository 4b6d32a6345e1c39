"""How the candidate comes onto the machine: its installer, in place of an earlier release or not, and its files."""

import time

from harness.guest.msi.result import InstallerBusy, MsiResult
from harness.lifecycle.booting import Booting
from harness.lifecycle.earlier import Earlier
from harness.lifecycle.installers import Installers
from harness.lifecycle.removals_on_wine import replacing
from harness.lifecycle.short_lived_secrets import watch
from harness.lifecycle.written_files import STOP_S, WrittenFiles
from harness.residue.short_lived import ShortLived


class Arrival(Installers, Booting):
    """The part of a timeline that brings the candidate. From its first work on a silent guest may be its doing."""

    earlier: Earlier | None
    short_lived: ShortLived | None
    written: WrittenFiles

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

        def install() -> MsiResult:
            return self.run_package(session.candidate, "candidate", self.properties(), self.phase)

        if earlier is None:
            return install()
        given = self.rendered(session.profile.installer.properties, earlier.release)
        return replacing(session, earlier.release, session.candidate, given, install)

    def _write_guest_files(self) -> None:
        guest = self.session.guest
        for file in self.session.profile.guest_files:
            self.written.write(guest, file.path, self.render(file.content).encode())
            if file.restart_service:
                guest.services.stop(file.restart_service, self.session.within(STOP_S))
                guest.services.start(file.restart_service, self.session.within(STOP_S))
