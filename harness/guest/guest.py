"""The facade of the guest layer: one Windows system, reached over WinRM."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.guest import power
from harness.guest.command_line import survives_cmd
from harness.guest.console import PROBE_TIMEOUT_S, Console, decoded
from harness.guest.facts import BootIdentity, CommandResult
from harness.guest.files import Files
from harness.guest.msi.installer import MsiExec
from harness.guest.registry import Registry
from harness.guest.services import Services
from harness.guest.transcript import Transcript
from harness.model.deadline import Deadline
from harness.model.machine import HostPort, WinRMAccess
from harness.probe.answers.files import FileFacts
from harness.probe.answers.processes import Process, Socket
from harness.probe.answers.registry import UninstallEntry
from harness.probe.answers.search import Searched
from harness.probe.answers.system import Reach, Version
from harness.probe.reading import read_value


class Guest:
    """One Windows system. Every operation has a deadline; callers in several threads take turns.

    Times given in seconds are a real processor's; `slowness` stretches them. A `Deadline` is kept as it is.
    Every method may raise `GuestUnreachable`, `GuestFault`, `OutcomeUnknown` and `DeadlineExceeded`.
    """

    def __init__(
        self, access: WinRMAccess, transcript: Transcript, *, media_root: str, slowness: float = 1.0
    ) -> None:
        self._console = Console(access, transcript, media_root=media_root, slowness=slowness)
        self._files = Files(self._console)
        self.services = Services(self._console)
        self.registry = Registry(self._console)
        self.msi = MsiExec(self._console, self._files)

    @property
    def guest_s(self) -> float:
        """Seconds spent waiting for the guest so far."""
        return self._console.guest_s

    def run(
        self,
        command: str | Sequence[str],
        *,
        timeout_s: float = 30,
        stdin: bytes = b"",
        cwd: str | None = None,
        shell: bool = False,
        repeatable: bool = False,
    ) -> CommandResult:
        """Run a command to its end; every exit code is a result.

        A sequence is quoted by the rules of the C runtime; a string is a command line as it is. `shell` and
        `cwd` go through `cmd /c`. `repeatable`: it only reads, so a broken connection may run it again.
        Without `stdin` the command's input stays open and empty.

        Raises:
            CommandTimedOut: a `DeadlineExceeded`; the command was terminated.
            OutcomeUnknown: the connection broke when the command may have run.

        """
        return self._console.run(
            command,
            self._console.within(timeout_s),
            stdin=stdin,
            cwd=cwd,
            in_cmd=shell,
            repeatable=repeatable,
        )

    def probe(self, *args: str, timeout_s: float = PROBE_TIMEOUT_S, repeatable: bool = False) -> Any:
        """What the guest probe answers, as parsed JSON. Raises `GuestFault` if it reports an error.

        `repeatable`: doing it twice is as good as once, so a broken connection may run it again.
        """
        return self._console.probe(
            object, *args, deadline=self._console.within(timeout_s), repeatable=repeatable
        )

    def batch(self, *commands: Sequence[str], repeatable: bool = False) -> list[Any]:
        """Several probe commands in one round trip; their answers in order.

        An error of one command is its answer (`{"error": …}`); `harness.probe.reading.read_value` raises it.
        """
        return self._console.batch(commands, self._console.within(2 * PROBE_TIMEOUT_S), repeatable=repeatable)

    def processes(self) -> tuple[Process, ...]:
        """Every process."""
        return tuple(self._console.probe(list[Process], "processes"))

    def sockets(self) -> tuple[Socket, ...]:
        """Every TCP and UDP endpoint with its owner, as far as the system tells."""
        return tuple(self._console.probe(list[Socket], "sockets"))

    def files(self, *paths: str) -> tuple[FileFacts, ...]:
        """Facts of each path, in order; a missing file is a fact too."""
        return self._files.facts(*paths)

    def uninstall_entries(self) -> tuple[UninstallEntry, ...]:
        """The entries of Add/Remove Programs, of both views and of users."""
        return tuple(self._console.probe(list[UninstallEntry], "uninstall-entries"))

    def boot(self) -> BootIdentity:
        """Which boot this is."""
        return power.boot_identity(self._console, self._console.within(PROBE_TIMEOUT_S))

    def reaches(self, address: HostPort, *, saying: str = "") -> Reach:
        """Whether anything takes a TCP connection at this address, seen from inside. Nothing is sent on it.

        `saying`: before, a connection that `calls` opened carries its word once more, and ends.
        """
        if not saying:
            return self._console.probe(Reach, "reach", address.host, str(address.port))
        _, reach = self.batch(["say", "--nonce", saying], ["reach", address.host, str(address.port)])
        return read_value("reach", Reach, reach)

    def calls(self, address: HostPort, word: str, *, hold_s: float) -> Reach:
        """The same; the connection stays open for so long, and carries `word` at once, and once more when it is to."""
        held = ("--hold-ms", str(int(hold_s * 1000)))
        return self._console.probe(
            Reach, "call", address.host, str(address.port), "--nonce", word, *held, repeatable=False
        )

    def search(self, texts: Sequence[str], places: Sequence[str], *, since: float = 0) -> Searched:
        """Where these texts lie, in files and folders, and in keys by their whole names, in UTF-8 and in UTF-16.

        `since`: of a folder only files that were made or changed after that time, in seconds since the epoch, by the
        guest's clock. The texts reach the guest by the command's input and stand in no transcript.
        """
        # Places that `cmd` would change on the command line go before the texts.
        odd = [place for place in places if not survives_cmd(place)]
        given = "".join(f"{line}\n" for line in (*odd, *texts)).encode()
        options = ("--since", str(int(since)), *(("--places", str(len(odd))) if odd else ()))
        plain = [place for place in places if survives_cmd(place)]
        return self._console.probe(Searched, "search", *options, *plain, stdin=given)

    def version(self) -> Version:
        """Which Windows this says it is, and Wine's version where it is Wine."""
        return self._console.probe(Version, "version")

    def read_file(self, path: str, *, limit_bytes: int) -> bytes:
        """The first `limit_bytes` of a file. Raises `GuestFault` with the Windows error (2: no such file)."""
        return self._files.read(path, limit_bytes=limit_bytes)

    def write_file(self, path: str, data: bytes) -> None:
        """Create or replace a small file, with the directories above it."""
        self._files.write(path, data)

    def delete(self, path: str) -> bool:
        """Delete a file; whether there was one."""
        return self._files.delete(path)

    def collect(self, guest_paths: Sequence[str], into: Path) -> list[Path]:
        """Copy files to the host as evidence; missing ones are noted in the transcript, never raised."""
        return self._files.collect(guest_paths, into)

    def reboot(self, deadline: Deadline) -> BootIdentity:
        """Reboot; return the new boot once the guest answers steadily."""
        return power.reboot(self._console, deadline)

    def await_boot(self, before: BootIdentity, deadline: Deadline) -> BootIdentity:
        """The next boot after `before`, once the guest answers steadily. For one that somebody else made."""
        self._console.shell.reset()
        return power.await_ready(self._console, deadline, after=before)

    def ready(self, deadline: Deadline) -> None:
        """Wait until the guest answers several times in a row. Raises `GuestUnreachable` if it does not."""
        power.await_ready(self._console, deadline)

    def interrupt(self) -> tuple[str, str] | None:
        """End the command that a `KeyboardInterrupt` left under way; its output and error output so far.

        None if there is none. Raises `OutcomeUnknown` if it could not be ended.
        """
        output = self._console.shell.interrupt()
        return None if output is None else decoded(output)

    def set_environment(self, environment: Mapping[str, str]) -> None:
        """Give every command from now on these variables beside the system's.

        A guest may set some of its own again: Wine those that it makes itself, `PATH` and `TEMP` among them.
        """
        self._console.shell.set_environment(environment)

    def new_shell(self) -> None:
        """Run the next command in a new shell: on Windows one keeps the environment that it was opened with."""
        self._console.shell.renew()

    def close(self) -> None:
        """Close the shell and the connections. Never raises."""
        self._console.shell.close()
