"""What carries over from one line of `bvt shell` to the next, though each runs by a cmd.exe of its own.

The directory goes in front of the line. Variables go into the shell that WinRM opens, and not in front of the line: cmd
expands `%NAME%` before it runs any of it.
"""

import re
import sys

from harness.guest.facts import CommandResult
from harness.guest.guest import Guest
from harness.model.errors import ConfigurationError, HarnessError

Variables = dict[str, tuple[str, str]]
"""Name and value, by the name in upper case, as Windows compares them."""
TIMEOUT_S = 300.0
CHANGE_DIRECTORY = re.compile(r"(?:cd|chdir)(?:\s+/d)?\s+(?P<to>[^&|<>]+)", re.IGNORECASE)
ASSIGNMENT = re.compile(
    r"""@?set(?:\s++|(?=["/]))(?!/p)(?:\^.|"[^"]*"|[^&|<>^"])*""", re.IGNORECASE
)  # nothing but a `set`: what cmd takes for an end of it stands in quotes or behind a caret
MARK = "--- bvt: the environment is on the other side of this line ---"


class Lines:
    """The lines of one session. Every method raises what `Guest.run` raises."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._environment: Variables = {}
        self.directory = ""
        """Where the last change of directory led; empty: where the guest begins."""

    def perform(self, line: str) -> int:
        """Run a line and show what it writes; its exit code, as far as it fits into one of Linux."""
        if (to := target(line)) is not None:
            return self._change_directory(to)
        if assigns(line):
            self._assign(line)
            return 0
        result = self._in_cmd(line)
        show(result.stdout, result.stderr)
        return min(result.exit_code, 255)

    def _in_cmd(self, line: str) -> CommandResult:
        cwd = self.directory or None
        return self._guest.run(line, timeout_s=TIMEOUT_S, cwd=cwd, shell=True)  # noqa: S604 - the guest's cmd.exe is what was asked for

    def _change_directory(self, to: str) -> int:
        """Stay where this is if `to` leads nowhere; cmd's own words say why."""
        result = self._in_cmd(f'cd /d "{to}" && cd')
        if result.exit_code or not result.stdout.strip():
            show("", result.stderr or result.stdout)
            return 1
        self.directory = result.stdout.strip().splitlines()[-1]
        return 0

    def _assign(self, line: str) -> None:
        """Let cmd itself find the new value, then give it to every line after this one, and say what does not hold."""
        result = self._in_cmd(f"set&echo {MARK}&{line}&echo {MARK}&set")
        parts = re.split(rf"{re.escape(MARK)}\s*?\n", result.stdout)
        if len(parts) != 3:
            raise ConfigurationError(
                "this line does something else than setting variables.", hint="Use set alone."
            )
        before, after = variables(parts[0]), variables(parts[2])
        show(parts[1], result.stderr)
        wanted = {name: value for name, value in after.items() if before.get(name) != value}
        taken_away = set(before) - set(after)
        for name in sorted(taken_away - set(self._environment)):
            say(f"{before[name][0]} is the system's: the next line has it again.")
        if wanted or taken_away & set(self._environment):
            self._carry(wanted, {k: v for k, v in self._environment.items() if k not in taken_away})

    def _carry(self, wanted: Variables, others: Variables) -> None:
        """Open the shell anew with these variables, and look whether it has them."""
        try:
            self._guest.set_environment(dict({**others, **wanted}.values()))
            there = variables(self._in_cmd("set").stdout)
        except (HarnessError, KeyboardInterrupt):  # one of them may be what the guest needs to run anything
            self._guest.set_environment(dict(self._environment.values()))
            raise
        self._environment = {
            **others,
            **{name: value for name, value in wanted.items() if there.get(name) == value},
        }
        for name in sorted(set(wanted) - set(self._environment)):
            say(
                f"{name} does not hold: this guest makes it anew for each line. Write: set {name}=…& and the command."
            )


def target(line: str) -> str | None:
    """Where the line wants to go, if it does nothing else: `cd X`, or a drive as `D:`."""
    if re.fullmatch("[A-Za-z]:", line):
        return f"{line}\\"
    moves = CHANGE_DIRECTORY.fullmatch(line)
    return moves["to"].strip().strip('"') if moves else None


def assigns(line: str) -> bool:
    """Whether the line sets variables, and does nothing else. `set /p` waits for input, which there is none of."""
    return "=" in line and ASSIGNMENT.fullmatch(line) is not None


def variables(listing: str) -> Variables:
    """What `set` lists."""
    pairs = (line.partition("=") for line in listing.splitlines())
    return {name.upper(): (name, value) for name, found, value in pairs if name and found}


def show(stdout: str, stderr: str) -> None:
    """Write what the guest wrote."""
    sys.stdout.write(stdout)
    sys.stdout.flush()
    sys.stderr.write(stderr)
    sys.stderr.flush()


def say(text: str) -> None:
    """One sentence of the shell's own."""
    sys.stderr.write(f"bvt: {text}\n")
    sys.stderr.flush()
