"""Ctrl-C ends the command under way in the guest, and nothing else; variables reach every command."""

import signal
import threading
from pathlib import Path

import pytest

from harness.guest.winrm.shell import RemoteShell
from harness.model.deadline import Deadline
from harness.model.errors import OutcomeUnknown
from tests.integration.guest.conftest import Served, ended


def soon(seconds: float = 60.0) -> Deadline:
    return Deadline.after(seconds)


def interrupted(shell: RemoteShell, command: str) -> None:
    """Run the command, and press Ctrl-C once a line of it has arrived."""

    def heard() -> bool:
        under_way = shell._under_way
        return under_way is not None and b"\n" in b"".join(under_way.stdout)

    def press() -> None:
        soon().poll(heard, "the command's first line", interval_s=0.02)
        signal.pthread_kill(main, signal.SIGINT)

    main = threading.main_thread().ident or 0
    threading.Thread(target=press, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        shell.run(command, soon())


def test_an_interrupted_command_ends_and_the_next_one_runs_in_the_same_shell(
    shell: RemoteShell, tmp_path: Path
) -> None:
    mark = tmp_path / "went-on"
    interrupted(shell, f"echo $$; sleep 60; touch {mark}")
    before = shell._opened.shell_id
    output = shell.interrupt()
    assert output is not None
    assert ended(int(output.stdout))
    assert not mark.exists()
    assert shell.run("echo next", soon()).stdout == b"next\n"
    assert shell._opened.shell_id == before
    assert shell.interrupt() is None


def test_a_guest_that_is_gone_meanwhile_is_said(served: Served, shell: RemoteShell) -> None:
    interrupted(shell, "echo up; sleep 60")
    served.relay.close()
    with pytest.raises(OutcomeUnknown, match="it may still run"):
        shell.interrupt()


def test_variables_are_those_of_every_command_until_they_are_changed(shell: RemoteShell) -> None:
    shell.set_environment({"BVT_A": "a & <b> 'ä' ", "BVT_B": "%PATH%"})
    for _ in range(2):
        assert (
            shell.run('printf "[%s%s]" "$BVT_A" "$BVT_B"', soon()).stdout.decode() == "[a & <b> 'ä' %PATH%]"
        )
    shell.set_environment({})
    assert shell.run('printf "[%s]" "$BVT_A"', soon()).stdout == b"[]"
