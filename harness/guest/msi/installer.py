"""Installers, run detached: their exit code and log lie in files, so a cut connection loses neither."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import ValidationError

from harness.guest.command_line import argv_line
from harness.guest.console import Console
from harness.guest.facts import BootIdentity
from harness.guest.files import Files
from harness.guest.msi.exit_codes import MsiExit, MsiOutcome, msi_exit
from harness.guest.msi.log import decode_log, excerpt
from harness.guest.msi.words import failed_action, unfinished_action
from harness.guest.power import boot_identity
from harness.guest.system_tools import MSIEXEC
from harness.model.deadline import Deadline
from harness.model.errors import (
    CandidateError,
    ConfigurationError,
    DeadlineExceeded,
    GuestFault,
    GuestUnreachable,
    InfrastructureError,
    OutcomeUnknown,
)
from harness.model.substrate import GuestSystem
from harness.probe.answers.files import FileArrived
from harness.probe.answers.processes import Child, Detached, Finished
from harness.probe.answers.system import Version

POLL_S = 20.0
BUSY_PAUSE_S = 2.0
LOG_LIMIT_BYTES = 8 * 1024 * 1024
COMMAND_S = 60.0
GRACE_S = 30.0
"""Until the watcher has ended an installer that hangs, and said so."""

WORK_DIR = "C:\\Windows\\Temp"
"""There on every Windows, writable by SYSTEM, and no place where a product installs anything."""

SHOWN_CHARS = 300
"""Of a line that an installer printed."""

NOT_YET = 1460
"""ERROR_TIMEOUT: what `wait-file` says when the file did not come."""


class InstallerBusy(InfrastructureError):
    """Windows Installer was busy with another installation until the deadline: this one never began."""


class InstallerHangs(CandidateError):
    """The installer, or what it had started, did not end by its deadline. It was ended.

    `found`: in words. `log_path`: in the guest.
    """

    def __init__(self, line: str, found: str, length_s: float, *, hint: str = "", log_path: str = "") -> None:
        super().__init__(f"`{line}` did not end within {length_s:g} s: {found}.", hint=hint)
        self.found, self.log_path = found, log_path


class InstallerNotStarted(CandidateError):
    """Windows does not take the installer, or the uninstaller, for a program that it can run."""


NOT_A_PROGRAM = {
    193: "it is no valid program",
    216: "it is a program for another kind of processor",
    1392: "it is damaged",
    14001: "a part that its manifest asks for is not there",
}
"""Microsoft, "System Error Codes": what starting a program that is there says of the program."""


@dataclass(frozen=True)
class MsiResult:
    """An installer that ran to its end."""

    command: str
    exit_code: int
    meaning: MsiExit
    log_path: str
    """In the guest; an EXE installer's is what it printed."""
    log_excerpt: str
    """Why it failed, from the verbose log; empty when it succeeded."""
    duration_s: float
    children: tuple[Child, ...] = ()
    """Of an EXE installer: what it had started and what was awaited after its own end."""
    log_words: str = ""
    """The same in a sentence: the failed action, and the error. Empty where the log does not tell."""

    @property
    def reboot_needed(self) -> bool:
        """True if the work ends only with a reboot."""
        return self.meaning.reboot_needed

    @property
    def succeeded(self) -> bool:
        """True if the exit code means success, reboot or not."""
        return self.meaning.succeeded


@dataclass(frozen=True)
class Begun:
    """An installer that was started and is not waited for."""

    line: str
    log: str
    answer: str
    """The file that its exit code is written to when it ends; both files are in the guest."""
    before: BootIdentity
    deadline: Deadline


class MsiExec:
    """Runs installers one at a time. On Windows as SYSTEM, as management systems do; Wine has one user only."""

    def __init__(self, console: Console, files: Files) -> None:
        self._console = console
        self._files = files
        self._on_wine: bool | None = None

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
        self, command: Sequence[str], deadline: Deadline, *, stays: Sequence[str] = ()
    ) -> MsiResult:
        """Run an EXE installer or uninstaller; 0, 1641 and 3010 mean what they mean for msiexec.

        It has ended when all that it started has ended (NSIS copies its uninstaller to Temp, starts the copy and ends).
        Programs in the folders `stays`, or these programs themselves, are the product, which goes on running.

        Raises:
            InstallerHangs: it, or what it started, did not end in time; it was ended.
            InstallerNotStarted: Windows does not take the file for a program that runs here.
            OutcomeUnknown: the machine rebooted meanwhile and the exit code is lost.
            GuestUnreachable: the guest did not answer at the deadline.
            GuestFault: it could not be started.

        """
        log = self._new_file("installer", "log")
        tree = ["--tree", *(part for place in stays for part in ("--stays", place))]
        try:
            return self._run(argv_line(command), log, deadline, printed=True, tree=tree)
        except GuestFault as fault:
            if fault.code in NOT_A_PROGRAM:
                raise InstallerNotStarted(
                    f"{command[0]} could not be started: {NOT_A_PROGRAM[fault.code]} (Windows error {fault.code})."
                ) from fault
            raise

    def begin_install(self, path: str, properties: Mapping[str, str], deadline: Deadline) -> Begun:
        """Start the installation of the MSI at `path` and do not wait for it. Raises what the guest layer raises."""
        line, log = self._line("/i", path, properties)
        return self._begin(line, log, deadline)

    def begin_uninstall(self, product: str, deadline: Deadline) -> Begun:
        """The same for an uninstall."""
        line, log = self._line("/x", product, {})
        return self._begin(line, log, deadline)

    def end(self, begun: Begun) -> MsiResult:
        """Wait for an installer that was started. Raises what `run_installer` raises."""
        return self._end(begun, printed=False)

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
        log = self._new_file(verb.strip("/"), "log")
        arguments = [_quoted(what), "/qn", "/norestart", "/l*v", _quoted(log)]
        return " ".join([MSIEXEC, verb, *arguments, *map(property_argument, *_pairs(properties))]), log

    def _run(
        self, line: str, log: str, deadline: Deadline, *, printed: bool, tree: Sequence[str] = ()
    ) -> MsiResult:
        return self._end(self._begin(line, log, deadline, printed=printed, tree=tree), printed=printed)

    def _begin(
        self, line: str, log: str, deadline: Deadline, *, printed: bool = False, tree: Sequence[str] = ()
    ) -> Begun:
        before = boot_identity(self._console, deadline)
        answer_file = self._new_file("exit", "json")
        # The probe's watcher in the guest ends an installer that hangs, with all that it started.
        ends_ms = str(max(1, int(deadline.remaining_s * 1000)))
        options = ["--detach", "--result", answer_file, "--timeout-ms", ends_ms, *tree]
        if printed:
            options += ["--out", log, "--err", log]
        if not self._wine():
            options.append("--as-system")
        self._console.probe(
            Detached, "run", *options, deadline=Deadline.after(COMMAND_S), repeatable=False, then=line
        )
        return Begun(line, log, answer_file, before, deadline)

    def _end(self, begun: Begun, *, printed: bool) -> MsiResult:
        line, log, answer_file, before = begun.line, begun.log, begun.answer, begun.before
        deadline = begun.deadline
        finished = self._await(line, answer_file, before, Deadline.after(deadline.remaining_s + GRACE_S))
        if finished.timed_out:
            raise InstallerHangs(
                line,
                hanging(finished),
                deadline.length_s,
                hint=_last_words(self._read(log), printed=printed),
                log_path=log,
            )
        system = GuestSystem.WINE if self._wine() else GuestSystem.WINDOWS
        if finished.error is not None:
            raise GuestFault(f"`{line}` could not be started: {finished.error}.", code=finished.code or 0)
        meaning = msi_exit(finished.exit_code, system)
        took = finished.ended - finished.started if finished.ended and finished.started else None
        text = "" if meaning.succeeded else self._read(log)
        return MsiResult(
            command=line,
            exit_code=finished.exit_code,
            meaning=meaning,
            log_path=log,
            log_excerpt=excerpt(text),
            duration_s=took.total_seconds() if took else 0.0,
            children=finished.children,
            log_words=(_printed(text) if printed else failed_action(text)) if text else "",
        )

    def _await(self, line: str, file: str, before: BootIdentity, deadline: Deadline) -> Finished:
        unreachable: GuestUnreachable | None = None
        while True:
            try:
                finished = self._arrived(file, deadline)
                if finished is None and unreachable is not None:
                    finished = self._after_reboot(line, file, before, deadline)
                unreachable = None
            except GuestUnreachable as error:
                # An agent may cut the network while it installs; the file waits.
                unreachable, finished = error, None
                self._console.shell.reset()
            if finished is not None:
                return finished
            if deadline.passed:
                raise unreachable or DeadlineExceeded(
                    f"The exit code of `{line}`",
                    deadline.length_s,
                    hint="The probe's watcher did not write it.",
                )

    def _after_reboot(
        self, line: str, file: str, before: BootIdentity, deadline: Deadline
    ) -> Finished | None:
        if boot_identity(self._console, deadline) == before:
            return None
        finished = self._arrived(file, Deadline.after(1.0))
        if finished is None:
            raise OutcomeUnknown(
                f"The machine rebooted while `{line}` ran, and its exit code is lost.",
                hint="Look at what is installed.",
            )
        return finished

    def _arrived(self, file: str, deadline: Deadline) -> Finished | None:
        wait_s = deadline.cap(POLL_S)
        try:
            arrived = self._console.probe(
                FileArrived,
                "wait-file",
                file,
                "--timeout-ms",
                str(int(wait_s * 1000)),
                deadline=Deadline.after(wait_s + COMMAND_S / 4),
            )
        except GuestFault as fault:
            if fault.code == NOT_YET:
                return None
            raise
        try:
            return Finished.model_validate(arrived.content)
        except ValidationError as error:
            raise GuestFault(f"The result file {file} is not what the probe writes: {error}.") from error

    def _read(self, log: str) -> str:
        try:
            return decode_log(self._files.read(log, limit_bytes=LOG_LIMIT_BYTES, tail=True))
        except GuestFault as error:
            return f"(no log: {error.message})"

    def _wine(self) -> bool:
        if self._on_wine is None:
            self._on_wine = self._console.probe(Version, "version").wine is not None
        return self._on_wine

    @staticmethod
    def _new_file(what: str, extension: str) -> str:
        return f"{WORK_DIR}\\bvt-{what}-{secrets.token_hex(4)}.{extension}"


def hanging(finished: Finished) -> str:
    """What did not end: the installer itself, or what it had started."""
    left = [
        child.path.rpartition("\\")[2] or f"process {child.pid}"
        for child in finished.children
        if not child.ended
    ]
    if not left:
        return "it did not end, and was ended with all that it had started"
    names = ", ".join(left)
    return (
        f"it ended with {finished.exit_code}, but {names}, which it had started, did not end, and was ended"
    )


def _last_words(text: str, *, printed: bool) -> str:
    """Where an installer that was ended stood."""
    if printed:
        return _printed(text) or "It printed nothing."
    action = unfinished_action(text)
    return f"By its log it was at action {action}." if action else "Its log does not tell what it was at."


def _printed(text: str) -> str:
    """The last line that an EXE installer printed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"The last that it printed: {lines[-1][:SHOWN_CHARS]}" if lines else ""


def property_argument(name: str, value: str) -> str:
    """`NAME="value"` as msiexec reads it: a quote is doubled (Microsoft, "Command-line options")."""
    if not name.replace("_", "").replace(".", "").isalnum():
        raise ConfigurationError(f"{name!r} cannot be an MSI property's name")
    return f'{name}="{value.replace(chr(34), chr(34) * 2)}"'


def _quoted(path: str) -> str:
    return path if path.startswith("{") else f'"{path}"'


def _pairs(properties: Mapping[str, str]) -> tuple[list[str], list[str]]:
    return list(properties), list(properties.values())
