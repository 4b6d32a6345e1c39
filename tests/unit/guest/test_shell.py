"""A command's input that the guest does not take."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from winrm.exceptions import WinRMOperationTimeoutError

from harness.guest import envelopes
from harness.guest.shell import CommandTimedOut, RemoteShell
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
    monkeypatch.setattr(shell, "_link", link)
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
