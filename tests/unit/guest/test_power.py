"""A reboot that was asked for: done, refused, or done although its command did not end well."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import pytest

from harness.guest import power
from harness.guest.console import Console
from harness.guest.facts import CommandResult
from harness.guest.system_tools import SHUTDOWN
from harness.model.deadline import Deadline
from harness.model.errors import GuestFault, GuestUnreachable, HarnessError, OutcomeUnknown
from harness.probe.answers.system import Boot

REFUSED_S = 0.2


class Rebooting:
    """A guest that answers `shutdown` with `asked`, then nothing for `down_s`, then from `second` if that is a boot."""

    def __init__(self, asked: int | HarnessError, *, down_s: float = 0.0, second: str = "second") -> None:
        self._asked, self._down_s, self._second = asked, down_s, second
        self._asked_at = float("inf")
        self.commands: list[list[str]] = []
        self.shell = self.transcript = self

    def run(self, command: list[str], deadline: Deadline) -> CommandResult:
        self.commands.append(command)
        self._asked_at = time.monotonic()
        if isinstance(self._asked, HarnessError):
            raise self._asked
        return CommandResult("shutdown", self._asked, "", "no", 0.1)

    def probe(self, shape: type[Boot], *_: str, deadline: Deadline) -> Boot:
        since_s = time.monotonic() - self._asked_at
        if 0 <= since_s < self._down_s:
            raise GuestUnreachable("no answer")
        now = datetime.now(UTC)
        identity = self._second if since_s >= 0 else "first"
        return Boot(identity=identity, booted=now, now=now, uptime_ms=1)

    def within(self, seconds: float) -> Deadline:
        return Deadline.after(seconds)

    def reset(self) -> None: ...

    def note(self, text: str) -> None: ...


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "BETWEEN_S", 0.0)
    monkeypatch.setattr(power, "REFUSED_S", REFUSED_S)


Ask = Callable[[Rebooting], str]


@pytest.fixture
def ask() -> Ask:
    return lambda guest: power.reboot(cast(Console, guest), Deadline.after(20)).identity


CUT_OFF: list[int | HarnessError] = [
    0,
    1,
    0xC000013A,
    GuestFault("the launcher left no result"),
    OutcomeUnknown("the connection broke"),
    GuestUnreachable("nobody there"),
]


@pytest.mark.parametrize("asked", CUT_OFF)
@pytest.mark.parametrize("down_s", [0.0, 0.05, 3 * REFUSED_S])
def test_a_reboot_that_happens_is_one_whatever_became_of_the_command(
    asked: int | HarnessError, down_s: float, ask: Ask
) -> None:
    guest = Rebooting(asked, down_s=down_s)
    assert ask(guest) == "second"
    assert guest.commands == [[SHUTDOWN, "/r", "/t", "0"]]


@pytest.mark.parametrize(
    ("asked", "words"),
    [(5, "refused to reboot: exit code 5"), (GuestFault("the shell is full"), "the shell is full")],
)
def test_a_refusal_is_believed_once_the_same_boot_goes_on_answering(
    asked: int | HarnessError, words: str, ask: Ask
) -> None:
    with pytest.raises(GuestFault, match=words):
        ask(Rebooting(asked, second="first"))
