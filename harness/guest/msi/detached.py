"""Runs an installer's command detached: its exit code and log lie in files, so a cut connection loses neither."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from harness.guest.command_line import argv_line
from harness.guest.console import Console
from harness.guest.facts import BootIdentity
from harness.guest.files import Files
from harness.guest.msi.exit_codes import msi_exit
from harness.guest.msi.log import decode_log, excerpt
from harness.guest.msi.result import InstallerHangs, MsiResult, SetUpAgain, hanging
from harness.guest.msi.words import failed_action, failed_name, unfinished_action
from harness.guest.power import boot_identity
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, GuestFault, GuestUnreachable, OutcomeUnknown
from harness.model.substrate import GuestSystem
from harness.probe.answers.files import FileArrived
from harness.probe.answers.processes import Detached, Finished
from harness.probe.answers.system import Version
from harness.probe.reading import read_answer

POLL_S = 20.0
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


@dataclass(frozen=True)
class Begun:
    """An installer that was started and is not waited for."""

    line: str
    log: str
    answer: str
    """The file that its exit code is written to when it ends; both files are in the guest."""
    before: BootIdentity
    deadline: Deadline


class DetachedRuns:
    """Starts installers and waits for them. On Windows as SYSTEM, as management systems do; Wine has one user only."""

    def __init__(self, console: Console, files: Files) -> None:
        self._console = console
        self._files = files
        self._on_wine: bool | None = None

    def begin(
        self, line: str, log: str, deadline: Deadline, *, printed: bool = False, tree: Sequence[str] = ()
    ) -> Begun:
        """Start `line` and do not wait for it. Raises what the guest layer raises.

        `printed`: its output goes to `log`. `tree`: options of the probe's `run` for what it starts.
        """
        before = boot_identity(self._console, deadline)
        answer_file = new_file("exit", "json")
        # The probe's watcher in the guest ends an installer that hangs, with all that it started.
        ends_ms = str(max(1, int(deadline.remaining_s * 1000)))
        options = ["--detach", "--result", answer_file, "--timeout-ms", ends_ms, *tree]
        if printed:
            options += ["--out", log, "--err", log]
        if not self._wine():
            options.append("--as-system")
        self._console.probe(
            Detached, "run", *options, deadline=self._console.within(COMMAND_S), repeatable=False, then=line
        )
        return Begun(line, log, answer_file, before, deadline)

    def again(
        self, line: str, deadline: Deadline, variables: Mapping[str, str], tree: Sequence[str]
    ) -> SetUpAgain:
        """Run `line` once more with these variables, and wait. Raises what the guest layer raises."""
        ends_ms = str(max(1, int(deadline.remaining_s * 1000)))
        probe = argv_line([self._console.probe_path, "run", "--timeout-ms", ends_ms, *tree])
        given = "".join(f"set {name}={value}&& " for name, value in variables.items())
        within = Deadline.after(deadline.remaining_s + self._console.within(GRACE_S).length_s)
        done = self._console.run(f"{given}{probe} -- {line}", within, in_cmd=True)
        return SetUpAgain(read_answer("run", Finished, done.stdout).exit_code, done.stderr)

    def end(self, begun: Begun, *, printed: bool) -> MsiResult:
        """Wait for it, a little longer than its deadline: the probe's watcher has to end it, and to say so.

        Raises `InstallerHangs`, `OutcomeUnknown`, `GuestUnreachable`, `GuestFault` and `DeadlineExceeded`.
        """
        line, log, answer_file, before = begun.line, begun.log, begun.answer, begun.before
        deadline = begun.deadline
        told_by = Deadline.after(deadline.remaining_s + self._console.within(GRACE_S).length_s)
        finished = self._await(line, answer_file, before, told_by)
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
            failed_action="" if printed else failed_name(text),
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
        finished = self._arrived(file, self._console.within(1.0))
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
                deadline=Deadline.after(wait_s + self._console.within(COMMAND_S / 4).length_s),
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


def new_file(what: str, extension: str) -> str:
    """The path of a file in the guest that nobody else has."""
    return f"{WORK_DIR}\\bvt-{what}-{secrets.token_hex(4)}.{extension}"


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
