"""How a cell runs installers and uninstallers: what they are given, how long they may take, where their logs go."""

import ntpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any, Literal

from harness.candidate.kinds import made_by_nsis
from harness.candidate.msi_tables import read_tables
from harness.candidate.transforms import with_places
from harness.cell.check import NotTested
from harness.cell.session import CellSession
from harness.guest.msi.result import InstallerHangs, MsiResult
from harness.guest.services import ServiceStateNotReached
from harness.lifecycle.launch_conditions import with_conditions
from harness.lifecycle.releases import medium_of
from harness.lifecycle.removals_on_wine import remove_rolled_back, remove_what_wine_does_not
from harness.lifecycle.set_up_again import look_into
from harness.lifecycle.system_lacks import require_possible
from harness.model.candidate import Candidate, InstallerKind
from harness.model.deadline import Deadline
from harness.model.errors import CandidateError, GuestFault, HarnessError
from harness.model.report import Phase
from harness.model.steps import into
from harness.model.substrate import GuestSystem
from harness.rundir.payload import package_doubt

CA_FILE = "C:\\bvt\\backend-ca.pem"
"""Where a profile that names `{ca_file}` finds the backend's certificate authority in the guest."""
INSTALLER_WAITS_S = 30.0
"""How long Windows Installer waits for a service to stop (ServiceControl table)."""
NOT_THERE = (2, 3)
"""ERROR_FILE_NOT_FOUND and ERROR_PATH_NOT_FOUND."""
MOST_STAYING = 16
"""How many places the probe takes (`tree.h`)."""


class Installers:
    """The part of a timeline that starts them. It knows nothing of what the checks look at."""

    session: CellSession
    phase: Phase
    nonce: str
    logs: set[str]
    on_machine: Candidate

    def uninstall_now(self, folder: str, properties: Mapping[str, str] = MappingProxyType({})) -> MsiResult:
        """Uninstall what is there; its log goes to `folder` of the cell. Raises `CandidateError` if it hangs.

        `properties`: on the command line of an MSI's, beside those of the profile.
        """
        guest, profile = self.session.guest, self.session.profile
        deadline = self.session.within(profile.installer.timeout_s)
        with self.ends_in_time("uninstall", deadline):
            if self.session.candidate.kind is InstallerKind.MSI:
                self.stop_what_the_installer_stops(self.session.candidate)
                given = self.uninstall_properties() | dict(properties)
                result = guest.msi.uninstall(self.on_machine.product_code, deadline, given)
            else:
                result = self._run_uninstaller(deadline)
        self.keep_log(result, folder)
        if result.succeeded:
            remove_what_wine_does_not(self.session, self.on_machine, self.properties)
        return self._explained(self.on_machine, result)

    def keep_log(self, result: MsiResult, folder: str) -> None:
        """Save an installer's log in `folder` of the cell."""
        self.logs.add(result.log_path.lower())
        self.session.guest.collect([result.log_path], self.session.directory / folder)

    def render(self, template: str) -> str:
        """Fill a profile template with this cell's values."""
        return template.format(**self._values())

    def properties(self) -> dict[str, str]:
        """The MSI properties of this cell's scenario, with its values filled in. They may hold secrets."""
        installer, scenario = self.session.profile.installer, self.session.cell.scenario
        given = installer.properties
        if self.phase is Phase.UPGRADE:
            given = self.session.profile.upgrade.properties
        rendered = self.rendered(given | installer.scenario_properties.get(scenario, {}))
        if folder := into(self.session.cell.steps):
            if installer.directory_property is None:
                text = "the profile names no property for another folder (installer.directory_property)"
                raise NotTested(text)
            rendered[installer.directory_property] = folder
        return rendered

    def uninstall_properties(self) -> dict[str, str]:
        """The MSI properties that its uninstall is given, with this cell's values. They may hold secrets."""
        given = self.session.profile.installer.uninstall_properties
        return self.rendered(given, self.on_machine) | self._folder_again()

    def rendered(self, properties: Mapping[str, str], of: Candidate | None = None) -> dict[str, str]:
        """Properties with this cell's values filled in. They may hold secrets. `of`: another release's installer."""
        values = dict(self._values())
        if of is not None:
            values |= {"product_code": of.product_code, "version": of.version}
        return {name: text.format(**values) for name, text in properties.items()}

    def run_package(
        self,
        package: Candidate,
        medium: str,
        properties: Mapping[str, str],
        folder: str,
        *,
        may_fail: bool = False,
    ) -> MsiResult:
        """Install a package from the folder `medium` of the media drive; its log goes to `folder` of the cell.

        `may_fail`: it is looked at what such a failure leaves, so it is not tried a second time to learn why it failed.
        Raises `InstallerBusy`, and `CandidateError` if it does not end in time.
        """
        session = self.session
        guest, installer = session.guest, session.profile.installer
        path = medium_of(session, package, medium)
        deadline = session.within(installer.timeout_s)
        with self.ends_in_time("install", deadline):
            if package.kind is InstallerKind.MSI:
                result = guest.msi.install(path, with_places(properties, ntpath.dirname(path)), deadline)
            else:
                command = [path, *(self.render(part) for part in installer.install_arguments)]
                nsis = made_by_nsis(package.path)
                result = guest.msi.run_installer(command, deadline, stays=self._stays(), nsis=nsis)
        guest.new_shell()
        self.keep_log(result, folder)
        if package.kind is InstallerKind.EXE and not result.succeeded:
            look_into(session, package, () if may_fail else command, result, deadline, stays=self._stays())
        if not result.succeeded:
            remove_rolled_back(session, package, properties)
        return self._explained(package, result, properties)

    def _explained(
        self, package: Candidate, result: MsiResult, given: Mapping[str, str] = MappingProxyType({})
    ) -> MsiResult:
        """The result, with what the MSI's tables say of the action that failed.

        Raises `SystemLacks` for what this kind of guest cannot do.
        """
        if not result.failed_action or result.succeeded:
            return result
        tables = read_tables(package.path)
        require_possible(self.session.machine.guest_system, package.path.name, tables, result)
        return with_conditions(result, tables, given)

    def _stays(self) -> tuple[str, ...]:
        """Where programs lie that an installer may start and leave running: they are the agent, not the installer."""
        profile = self.session.profile
        return (profile.install_dir, *profile.data_dirs, *(file.path for file in profile.files))[
            :MOST_STAYING
        ]

    def _run_uninstaller(self, deadline: Deadline) -> MsiResult:
        """Of what an uninstaller starts nothing is meant to stay. Raises `CandidateError` if there is none."""
        command = [self.render(part) for part in self.session.profile.installer.uninstall_command]
        try:
            return self.session.guest.msi.run_installer(command, deadline)
        except GuestFault as fault:
            if fault.code not in NOT_THERE:
                raise
            raise CandidateError(
                f"Expected: the uninstaller {command[0]} is there after the installation."
                f" Found: it is not (Windows error {fault.code}).",
                hint="Is it what the profile's installer.uninstall_command names?",
            ) from fault

    @contextmanager
    def ends_in_time(self, what: Literal["install", "uninstall"], deadline: Deadline) -> Iterator[None]:
        """Word it as a check does if this installer did not end, and keep its log. Raises `CandidateError` then."""
        try:
            yield
        except InstallerHangs as error:
            with suppress(HarnessError):
                self.session.guest.collect([error.log_path], self.session.directory / what)
            doubt = package_doubt(self.session.run) if what == "install" else ""
            raise CandidateError(
                f"Expected: the {what}er ends within {deadline.length_s:g} s. Found: {error.found}.{doubt}",
                hint=error.hint,
            ) from error

    def _folder_again(self) -> dict[str, str]:
        """Where the product is, for Wine: its installer does not look up where components were installed to."""
        folder, named_by = into(self.session.cell.steps), self.session.profile.installer.directory_property
        wine = self.session.machine.guest_system is GuestSystem.WINE
        return {named_by: folder} if wine and folder and named_by else {}

    def stop_what_the_installer_stops(self, package: Candidate) -> None:
        """Wait where Windows Installer would: Wine's asks services to stop, and removes files or starts them at once.

        A program that still runs then stays, and the uninstall ends with 0 all the same; a service that is still
        stopping cannot be started, and the upgrade fails.
        """
        session = self.session
        if session.machine.guest_system is not GuestSystem.WINE:
            return
        for name in package.stopped_on_uninstall:
            # One that will not stop is found by the checks of what is left.
            with suppress(ServiceStateNotReached):
                session.guest.services.stop(name, session.within(INSTALLER_WAITS_S))

    def bring_authority(self) -> None:
        """Put the backend's CA where a profile may want it, before the agent starts."""
        profile = self.session.profile
        texts = [*profile.installer.properties.values(), *(file.content for file in profile.guest_files)]
        if any("{ca_file}" in text for text in texts):
            self.session.guest.write_file(CA_FILE, self.session.enrolment.ca_pem.encode())

    def _values(self) -> Mapping[str, Any]:
        session = self.session
        enrolment, address = session.enrolment, session.machine.backend_address
        assert address is not None
        return {
            "backend_host": address.host,
            "backend_port": address.port,
            "backend_url": f"https://{address.host}:{address.port}",
            "enrol_secret": enrolment.secret,
            "server_cert_sha256": enrolment.server_cert_sha256,
            "ca_file": CA_FILE,
            "media": session.machine.media_root,
            "nonce": self.nonce,
            "product_code": session.candidate.product_code,
            "version": session.candidate.version,
        }
