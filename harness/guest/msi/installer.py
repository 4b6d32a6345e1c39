"""msiexec and EXE installers: which command line installs, uninstalls and repairs."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from harness.guest.command_line import installer_line, survives_cmd
from harness.guest.console import Console
from harness.guest.files import Files
from harness.guest.msi.detached import Begun, DetachedRuns, new_file
from harness.guest.msi.exit_codes import MsiOutcome
from harness.guest.msi.result import InstallerBusy, InstallerNotStarted, MsiResult, SetUpAgain
from harness.guest.system_tools import MSIEXEC
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, GuestFault

BUSY_PAUSE_S = 2.0

NOT_A_PROGRAM = {
    193: "it is no valid program",
    216: "it is a program for another kind of processor",
    1392: "it is damaged",
    14001: "a part that its manifest asks for is not there",
}
"""Microsoft, "System Error Codes": what starting a program that is there says of the program."""


class MsiExec:
    """Runs installers one at a time. On Windows as SYSTEM, as management systems do; Wine has one user only."""

    def __init__(self, console: Console, files: Files) -> None:
        self._runs = DetachedRuns(console, files)

    def install(self, path: str, properties: Mapping[str, str], deadline: Deadline) -> MsiResult:
        """Install the MSI at `path`. Raises `InstallerBusy`, and what `run_installer` raises."""
        return self._msiexec("/i", path, properties, deadline)

    def uninstall(
        self, product: str, deadline: Deadline, properties: Mapping[str, str] = MappingProxyType({})
    ) -> MsiResult:
        """Uninstall by product code or by package path."""
        return self._msiexec("/x", product, properties, deadline)

    def repair(self, product: str, deadline: Deadline, *, mode: str = "omus") -> MsiResult:
        """Repair an installed product. In the long form, the only one that Wine knows.

        `mode`: letters of REINSTALLMODE (Microsoft, "REINSTALLMODE property").
        """
        return self._msiexec("/i", product, {"REINSTALL": "ALL", "REINSTALLMODE": mode}, deadline)

    def run_installer(
        self, command: Sequence[str], deadline: Deadline, *, stays: Sequence[str] = (), nsis: bool = False
    ) -> MsiResult:
        """Run an EXE installer or uninstaller; 0, 1641 and 3010 mean what they mean for msiexec.

        It has ended when all that it started has ended (NSIS copies its uninstaller to Temp, starts the copy and ends).
        Programs in the folders `stays`, or these programs themselves, are the product, which goes on running.
        `nsis`: NSIS made it, which reads its command line in a way of its own.

        Raises:
            InstallerHangs: it, or what it started, did not end in time; it was ended.
            InstallerNotStarted: Windows does not take the file for a program that runs here.
            OutcomeUnknown: the machine rebooted meanwhile and the exit code is lost.
            GuestUnreachable: the guest did not answer at the deadline.
            GuestFault: it could not be started.

        """
        log = new_file("installer", "log")
        tree = ["--tree", *(part for place in stays for part in ("--stays", place))]
        try:
            return self._run(installer_line(command, nsis=nsis), log, deadline, printed=True, tree=tree)
        except GuestFault as fault:
            if fault.code in NOT_A_PROGRAM:
                raise InstallerNotStarted(
                    f"{command[0]} could not be started: {NOT_A_PROGRAM[fault.code]} (Windows error {fault.code})."
                ) from fault
            raise

    def run_again(
        self,
        command: Sequence[str],
        deadline: Deadline,
        variables: Mapping[str, str],
        *,
        stays: Sequence[str] = (),
        nsis: bool = False,
    ) -> SetUpAgain | None:
        """Run an EXE installer that failed once more, with these variables in its environment.

        None if its command line is one that `cmd` would change. Raises what the guest layer raises.
        """
        if not all(map(survives_cmd, command)):
            return None
        tree = ["--tree", *(part for place in stays for part in ("--stays", place))]
        return self._runs.again(installer_line(command, nsis=nsis), deadline, variables, tree)

    def begin_install(self, path: str, properties: Mapping[str, str], deadline: Deadline) -> Begun:
        """Start the installation of the MSI at `path` and do not wait for it. Raises what the guest layer raises."""
        line, log = self._line("/i", path, properties)
        return self._runs.begin(line, log, deadline)

    def begin_uninstall(self, product: str, properties: Mapping[str, str], deadline: Deadline) -> Begun:
        """The same for an uninstall."""
        line, log = self._line("/x", product, properties)
        return self._runs.begin(line, log, deadline)

    def end(self, begun: Begun) -> MsiResult:
        """Wait for an installer that was started. Raises what `run_installer` raises."""
        return self._runs.end(begun, printed=False)

    def _msiexec(self, verb: str, what: str, properties: Mapping[str, str], deadline: Deadline) -> MsiResult:
        while True:
            line, log = self._line(verb, what, properties)
            result = self._run(line, log, deadline, printed=False)
            if result.meaning.outcome is not MsiOutcome.BUSY:
                return result
            if deadline.remaining_s <= BUSY_PAUSE_S:
                raise InstallerBusy(
                    f"`{line}` could not begin within {deadline.length_s:g} s: {result.meaning}.",
                    hint="See in the guest which installation runs; the image may not be at rest.",
                )
            deadline.pause(BUSY_PAUSE_S)

    def _line(self, verb: str, what: str, properties: Mapping[str, str]) -> tuple[str, str]:
        """The command, and where its log will be."""
        log = new_file(verb.strip("/"), "log")
        arguments = [_quoted(what), "/qn", "/norestart", "/l*v", _quoted(log)]
        return " ".join([MSIEXEC, verb, *arguments, *map(property_argument, *_pairs(properties))]), log

    def _run(
        self, line: str, log: str, deadline: Deadline, *, printed: bool, tree: Sequence[str] = ()
    ) -> MsiResult:
        return self._runs.end(
            self._runs.begin(line, log, deadline, printed=printed, tree=tree), printed=printed
        )


def property_argument(name: str, value: str) -> str:
    """`NAME="value"` as msiexec reads it: a quote is doubled (Microsoft, "Command-line options")."""
    if not name.replace("_", "").replace(".", "").isalnum():
        raise ConfigurationError(f"{name!r} cannot be an MSI property's name")
    return f'{name}="{value.replace(chr(34), chr(34) * 2)}"'


def _quoted(path: str) -> str:
    return path if path.startswith("{") else f'"{path}"'


def _pairs(properties: Mapping[str, str]) -> tuple[list[str], list[str]]:
    return list(properties), list(properties.values())
