"""`bvt shell`: lines that follow each other, as in a command line that one sits at."""

import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest

from harness.cli import shell
from harness.guest.facts import CommandResult
from harness.guest.guest import Guest

PLACES = {"C:\\windows": "C:\\windows", "system32": "C:\\windows\\system32", "D:\\": "D:\\"}


@dataclass
class StandInGuest:
    """Knows some folders, and notes what ran where."""

    ran: list[tuple[str, str | None]] = field(default_factory=list)

    def run(self, command: str, *, cwd: str | None, **_: object) -> CommandResult:
        self.ran.append((command, cwd))
        if not command.startswith("cd /d "):
            return CommandResult(command, 0, "ran\r\n", "", 0.1)
        where = PLACES.get(command.split('"')[1])
        if where is None:
            return CommandResult(command, 1, "", "The system cannot find the path.\r\n", 0.1)
        return CommandResult(command, 0, f"{where}\r\n", "", 0.1)


def told(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[StandInGuest, list[str]]:
    """The guest, and the prompts, of a session with these lines."""
    guest, prompts, typed = StandInGuest(), list[str](), iter(lines)

    def answer(prompt: str, typed: Iterator[str] = typed) -> str:
        prompts.append(prompt)
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(builtins, "input", answer)
    assert shell._converse(cast("Guest", guest), "win11/fresh") == 0
    return guest, prompts


def test_a_change_of_directory_holds_for_the_lines_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    guest, prompts = told(
        ["dir", 'cd "C:\\windows"', "dir", "CD /D system32", "ver", "D:", "dir"], monkeypatch
    )
    ran = [(command, cwd) for command, cwd in guest.ran if not command.startswith("cd /d")]
    assert ran == [
        ("dir", None),
        ("dir", "C:\\windows"),
        ("ver", "C:\\windows\\system32"),
        ("dir", "D:\\"),
    ]
    assert prompts[0] == "win11/fresh> "
    assert prompts[3] == "win11/fresh C:\\windows> "


def test_one_that_leads_nowhere_is_said_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guest, prompts = told(["cd C:\\windows", "cd nowhere", "dir"], monkeypatch)
    assert guest.ran[-1] == ("dir", "C:\\windows")
    assert prompts[-1] == "win11/fresh C:\\windows> "
    assert "cannot find the path" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["cd & ver", "cd C:\\windows && dir", "cd", "cdrom"])
def test_a_line_that_does_more_runs_as_it_is(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told([line], monkeypatch)[0].ran == [(line, None)]
