"""`bvt shell`: lines that follow each other, as in a command line that one sits at."""

import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest
import typer

from harness.cli import beginning, shell
from harness.cli.shell_lines import Lines, assigns
from harness.guest.facts import CommandResult
from harness.guest.guest import Guest
from harness.model.errors import GuestUnreachable, HarnessError, OutcomeUnknown

PLACES = {"C:\\windows": "C:\\windows", "system32": "C:\\windows\\system32", "D:\\": "D:\\"}
OWN = {"OS": "Windows_NT", "Path": "C:\\windows"}
"""What the guest sets itself, whatever it is told."""


@dataclass
class StandInGuest:
    """Knows some folders and variables, and notes what ran where. `interruptions`: lines that are interrupted."""

    ran: list[tuple[str, str | None]] = field(default_factory=list)
    told: list[dict[str, str]] = field(default_factory=list)
    interruptions: list[str] = field(default_factory=list)
    left: tuple[str, str] | HarnessError | None = None

    def run(self, command: str, *, cwd: str | None, **_: object) -> CommandResult:
        self.ran.append((command, cwd))
        if command in self.interruptions:
            self.left = self.left or ("half of it\n", "")
            raise KeyboardInterrupt
        if command.startswith("set"):
            return CommandResult(command, 0, self.listed(command), "", 0.1)
        if not command.startswith("cd /d "):
            return CommandResult(command, 0, "ran\r\n", "", 0.1)
        where = PLACES.get(command.split('"')[1])
        if where is None:
            return CommandResult(command, 1, "", "The system cannot find the path.\r\n", 0.1)
        return CommandResult(command, 0, f"{where}\r\n", "", 0.1)

    def listed(self, line: str) -> str:
        """What the parts of `set&echo …&set A=b&echo …&set` write."""
        there, written = (self.told[-1] if self.told else {}) | OWN, ""
        for part in line.split("&"):
            if part == "set":
                written += "".join(f"{name}={value}\r\n" for name, value in sorted(there.items()))
            elif part.startswith("echo "):
                written += part.removeprefix("echo ") + "\r\n"
            else:
                name, _, value = part.removeprefix("set ").strip('"').partition("=")
                there = {known: old for known, old in there.items() if known.upper() != name.upper()}
                there |= {name: value} if value else {}
        return written

    def set_environment(self, environment: Mapping[str, str]) -> None:
        self.told.append(dict(environment))

    def interrupt(self) -> tuple[str, str] | None:
        left, self.left = self.left, None
        if isinstance(left, HarnessError):
            raise left
        return left


def told(
    lines: Sequence[str | type[BaseException]],
    guest: StandInGuest | None = None,
) -> tuple[StandInGuest, list[str]]:
    """The guest, and the prompts, of a session with these lines; what is no line is raised at the prompt."""
    guest = guest or StandInGuest()
    prompts, typed = list[str](), iter(lines)

    def answer(prompt: str, typed: Iterator[str | type[BaseException]] = typed) -> str:
        prompts.append(prompt)
        line = next(typed, EOFError)
        if isinstance(line, str):
            return line
        raise line

    there = cast("Guest", guest)
    assert shell._converse(there, Lines(there), "win11/fresh", answer) == 0
    return guest, prompts


def test_a_change_of_directory_holds_for_the_lines_after_it() -> None:
    guest, prompts = told(["dir", 'cd "C:\\windows"', "dir", "CD /D system32", "ver", "D:", "dir"])
    ran = [(command, cwd) for command, cwd in guest.ran if not command.startswith("cd /d")]
    assert ran == [
        ("dir", None),
        ("dir", "C:\\windows"),
        ("ver", "C:\\windows\\system32"),
        ("dir", "D:\\"),
    ]
    assert prompts[0] == "win11/fresh> "
    assert prompts[3] == "win11/fresh C:\\windows> "


def test_one_that_leads_nowhere_is_said_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    guest, prompts = told(["cd C:\\windows", "cd nowhere", "dir"])
    assert guest.ran[-1] == ("dir", "C:\\windows")
    assert prompts[-1] == "win11/fresh C:\\windows> "
    assert "cannot find the path" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["cd & ver", "cd C:\\windows && dir", "cd", "cdrom"])
def test_a_line_that_does_more_runs_as_it_is(line: str) -> None:
    assert told([line])[0].ran == [(line, None)]


@pytest.mark.parametrize(
    ("line", "does"),
    [
        ("set A=b", True),
        ("SET a=", True),
        ('set "A=b & c > d"', True),
        ("set A=b^&c", True),
        ("@set A=b", True),
        ('set"A=b"', True),
        ("set /a A=1+2", True),
        ("set/a A=1+2", True),
        ("set A", False),
        ("set", False),
        ("setx A=b", False),
        ("set /p A=name: ", False),
        ("set  /p A=name: ", False),
        ("set A=b&dir", False),
        ("set A=b > file", False),
        ("set A=b|more", False),
        ('set A="b', False),  # what comes after it would be part of the value
        ("set A=b^", False),
        ("if 1==1 set A=b", False),
    ],
)
def test_a_line_that_only_sets_variables_is_told_from_others(line: str, does: bool) -> None:
    assert assigns(line) is does


def test_variables_hold_for_the_lines_after_them() -> None:
    guest, _ = told(["set A=b", "dir", "cd C:\\windows", "set Other=x y", "set a=", "ver"])
    assert guest.told == [{"A": "b"}, {"A": "b", "Other": "x y"}, {"Other": "x y"}]
    assert ("ver", "C:\\windows") in guest.ran


def test_one_that_does_not_hold_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    guest, _ = told(["set PATH=C:\\tools", "set OS=", "set B=c"])
    said = capsys.readouterr().err
    assert "PATH does not hold: this guest makes it anew for each line. Write: set PATH=" in said
    assert "OS is the system's: the next line has it again." in said
    assert guest.told[-1] == {"B": "c"}


def test_a_variable_without_which_nothing_runs_is_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(StandInGuest):
        def run(self, command: str, *, cwd: str | None, **_: object) -> CommandResult:
            if self.told and "LOADER" in self.told[-1]:
                raise GuestUnreachable("nothing starts any more")
            return super().run(command, cwd=cwd)

    guest, _ = told(["set A=b", "set LOADER=x", "dir"], Broken())
    assert guest.told[-1] == {"A": "b"}
    assert guest.ran[-1] == ("dir", None)
    assert "nothing starts any more" in capsys.readouterr().err


def test_ctrl_c_ends_the_command_and_gives_the_prompt_back(capsys: pytest.CaptureFixture[str]) -> None:
    guest, prompts = told(
        ["ping -t x", "dir", KeyboardInterrupt, KeyboardInterrupt, "ver"],
        StandInGuest(interruptions=["ping -t x"]),
    )
    assert [command for command, _ in guest.ran] == ["ping -t x", "dir", "ver"]
    assert len(prompts) == 6
    written = capsys.readouterr()
    assert "half of it" in written.out
    assert written.err == "[interrupted]\n"


def test_a_command_that_cannot_be_ended_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    left = OutcomeUnknown("The command could not be ended")
    told(["a", "b"], StandInGuest(interruptions=["a"], left=left))
    assert "bvt: The command could not be ended" in capsys.readouterr().err


def test_sigterm_ends_the_shell_and_not_only_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "_received", {signal.SIGTERM})
    with pytest.raises(KeyboardInterrupt):
        told(["a", "b"], StandInGuest(interruptions=["a"]))
    with pytest.raises(KeyboardInterrupt):
        told([KeyboardInterrupt])


def test_ctrl_c_again_and_again_ends_no_more_than_the_command() -> None:
    class Impatient(StandInGuest):
        """Is interrupted while it ends what was interrupted, and its user goes on pressing."""

        def interrupt(self) -> tuple[str, str] | None:
            if self.left is None:
                return None
            self.left = None
            raise KeyboardInterrupt

    guest, prompts = told(["a", KeyboardInterrupt, KeyboardInterrupt, "b"], Impatient(interruptions=["a"]))
    assert [command for command, _ in guest.ran] == ["a", "b"]
    assert len(prompts) == 5


def test_ctrl_c_while_the_end_of_a_command_is_told_ends_no_more_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = list[str]()

    def echo(words: str = "", *, err: bool = False) -> None:
        said.append(words)
        if len(said) in (2, 3):  # the line feed after ^C, and the next one
            raise KeyboardInterrupt

    monkeypatch.setattr(typer, "echo", echo)
    guest, _ = told([KeyboardInterrupt, "b"])
    assert [command for command, _ in guest.ran] == ["b"]
