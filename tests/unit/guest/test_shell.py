"""A command's input that the guest does not take."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from winrm.exceptions import WinRMOperationTimeoutError

from harness.guest.winrm import envelopes
from harness.guest.winrm.exchange import CommandTimedOut
from harness.guest.winrm.link import LinkDown
from harness.guest.winrm.shell import RemoteShell
from harness.model.deadline import Deadline
from harness.model.errors import GuestFault, OutcomeUnknown
from harness.model.machine import WinRMAccess


class DeafCommand:
    """A link to a guest whose command never reads its input."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def post(self, envelope: str, timeout_s: float) -> bytes:
        action = re.findall(r"shell/(\w+)</\w+:Action>", envelope)
        self.asked += action
        if action == ["Send"]:
            raise WinRMOperationTimeoutError
        return b""

    def drop(self) -> None: ...


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> DeafCommand:
    monkeypatch.setattr(envelopes, "read_shell_id", lambda _: "shell")
    monkeypatch.setattr(envelopes, "read_command_id", lambda _: "command")
    return DeafCommand()


@pytest.fixture
def shell(link: DeafCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RemoteShell:
    access = WinRMAccess(host="127.0.0.1", port=1, username="u", password=SecretStr("p"))
    shell = RemoteShell(access, lambda _: None)
    monkeypatch.setattr(shell._opened, "link", link)
    return shell


def test_a_command_that_changes_something_is_not_given_its_input_twice(
    shell: RemoteShell, link: DeafCommand
) -> None:
    with pytest.raises(OutcomeUnknown, match="did not take its input"):
        shell.run("write", Deadline.after(30), stdin=b"data")
    assert link.asked.count("Send") == 1
    assert link.asked[-1] == "Signal"  # it is ended


def test_a_command_that_only_reads_is_run_again(shell: RemoteShell, link: DeafCommand) -> None:
    with pytest.raises(GuestFault, match="did not take its input"):
        shell.run("batch", Deadline.after(30), stdin=b"data", repeatable=True, reconnect_s=0.1)
    assert link.asked.count("Send") > 1
    assert link.asked.count("Signal") == link.asked.count("Send")


def test_a_deadline_that_passes_meanwhile_is_what_the_caller_hears_of(shell: RemoteShell) -> None:
    with pytest.raises(CommandTimedOut, match="`write`"):
        shell.run("write", Deadline.after(0), stdin=b"data")


class CutWhileOpening:
    """A link on which Create was sent and its answer lost, as often as said; then a command ends with 0."""

    def __init__(self, cuts: int, *, retry: bool = True) -> None:
        self.cuts, self.retry = cuts, retry
        self.asked: list[str] = []

    def post(self, envelope: str, timeout_s: float) -> bytes:
        action = re.findall(r"[/](\w+)</\w+:Action>", envelope)[0]
        self.asked.append(action)
        if action == "Create" and len(self.asked) <= self.cuts:
            raise LinkDown("cut", sent=True, retry=self.retry)
        return b"answer"

    def drop(self) -> None: ...


def test_a_shell_whose_answer_was_lost_is_opened_again(
    shell: RemoteShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = CutWhileOpening(2)
    monkeypatch.setattr(shell._opened, "link", link)
    monkeypatch.setattr(envelopes, "read_output", lambda _: envelopes.Output(b"done", b"", True, 0))
    assert shell.run("change something", Deadline.after(30)).stdout == b"done"
    assert link.asked == ["Create", "Create", "Create", "Command", "Receive"]


def test_a_guest_that_refuses_the_connection_for_good_is_not_asked_again(
    shell: RemoteShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = CutWhileOpening(2, retry=False)
    monkeypatch.setattr(shell._opened, "link", link)
    with pytest.raises(LinkDown):
        shell.run("ver", Deadline.after(30))
    assert link.asked == ["Create"]


class Interrupted:
    """A link on which a Ctrl-C comes with this action; what it is asked is noted."""

    def __init__(self, when: str, *, then: BaseException | None = None) -> None:
        self.when, self.then = when, then
        self.asked: list[str] = []
        self.dropped = 0

    def post(self, envelope: str, timeout_s: float) -> bytes:
        action = re.findall(r"[/](\w+)</\w+:Action>", envelope)[0]
        self.asked.append(action)
        if action == self.when:
            self.when = ""
            raise KeyboardInterrupt
        if action in ("Signal", "Delete") and self.then is not None:
            raise self.then
        return b""

    def drop(self) -> None:
        self.dropped += 1


@pytest.mark.parametrize(
    ("when", "end"), [("Receive", "Signal"), ("Send", "Signal"), ("Command", "Delete"), ("Create", None)]
)
def test_a_command_that_was_interrupted_is_ended(
    shell: RemoteShell, monkeypatch: pytest.MonkeyPatch, when: str, end: str | None
) -> None:
    link = Interrupted(when)
    monkeypatch.setattr(shell._opened, "link", link)
    with pytest.raises(KeyboardInterrupt):
        shell.run("ping", Deadline.after(30), stdin=b"data")
    assert link.asked[-1] == when
    assert link.dropped == 1  # its answer must not be read as another one's
    output = shell.interrupt()
    assert (output is None) == (end is None)
    assert link.asked[-1] == (end or when)
    assert shell.interrupt() is None


def test_one_that_cannot_be_ended_is_said_and_its_shell_is_not_used_again(
    shell: RemoteShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Interrupted("Receive", then=WinRMOperationTimeoutError())
    monkeypatch.setattr(shell._opened, "link", link)
    with pytest.raises(KeyboardInterrupt):
        shell.run("ping", Deadline.after(30))
    with pytest.raises(OutcomeUnknown, match="it may still run"):
        shell.interrupt()
    link.when = "Command"
    with pytest.raises(KeyboardInterrupt):
        shell.run("ver", Deadline.after(30))
    assert link.asked[-2:] == ["Create", "Command"]


def test_one_whose_shell_was_given_back_has_ended(
    shell: RemoteShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Interrupted("Receive")
    monkeypatch.setattr(shell._opened, "link", link)
    with pytest.raises(KeyboardInterrupt):
        shell.run("ping", Deadline.after(30))
    shell.set_environment({"A": "b"})
    assert link.asked[-1] == "Delete"
    assert shell.interrupt() is None
    assert link.asked[-1] == "Delete"
