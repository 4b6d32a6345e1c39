"""What the kept shell does when the guest or the network misbehaves."""

import socket
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from harness.guest.winrm import link
from harness.guest.winrm.exchange import CommandTimedOut
from harness.guest.winrm.shell import RemoteShell
from harness.model.errors import GuestFault, GuestUnreachable, OutcomeUnknown
from tests.integration.guest.conftest import Cutter, Notes, Serve, Served, ended, soon


def cut_once_there(served: Served, file: Path) -> None:
    """Cut every connection when the command under way has made this file and its end is waited for.

    Between two requests a cut would do no harm, and the command would be waited for in peace.
    """

    def cut() -> None:
        soon().poll(file.exists, f"the making of {file.name}", interval_s=0.01)
        soon().poll(lambda: served.relay.asks_for(0.2), "a request that waits", interval_s=0.01)
        served.relay.cut()

    threading.Thread(target=cut, daemon=True).start()


def test_output_error_output_and_exit_code_come_back(shell: RemoteShell) -> None:
    output = shell.run("echo out; echo err >&2; exit 7", soon())
    assert (output.stdout, output.stderr, output.exit_code) == (b"out\n", b"err\n", 7)


def test_large_output_is_whole(shell: RemoteShell) -> None:
    assert shell.run("seq 1 300000", soon()).stdout == b"".join(b"%d\n" % n for n in range(1, 300001))


@pytest.mark.parametrize("size", [1, 95_999, 96_000, 96_001, 300_000])
def test_input_of_any_size_arrives_and_ends(shell: RemoteShell, size: int) -> None:
    assert shell.run("wc -c", soon(), stdin=b"x" * size).stdout.split() == [str(size).encode()]


def test_one_shell_serves_more_commands_than_fit_in_it(server: Serve, notes: Notes) -> None:
    shell = RemoteShell(server(max_operations_per_user=1500).access, notes.append)
    for number in range(60):
        assert shell.run(f"exit {number}", soon()).exit_code == number
    assert notes == []
    shell.close()


def test_threads_take_turns(shell: RemoteShell) -> None:
    answers: dict[int, bytes] = {}

    def ask(number: int) -> None:
        answers[number] = shell.run(f"echo {number}", soon()).stdout

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == {number: b"%d\n" % number for number in range(8)}


def test_a_deadline_ends_the_command_and_names_it(shell: RemoteShell, tmp_path: Path) -> None:
    mark = tmp_path / "still-there"
    assert shell.run("echo first", soon()).stdout == b"first\n"
    for seconds in (2, 20, 60):  # on a busy host a command may not even have begun at its deadline
        with pytest.raises(CommandTimedOut, match="sleep 600") as caught:
            shell.run(f"echo $$; sleep 600; touch {mark}", soon(seconds))
        if caught.value.stdout:
            break
    assert ended(int(caught.value.stdout))
    assert not mark.exists()
    assert shell.run("echo next", soon()).stdout == b"next\n"


def test_a_command_that_never_stops_writing_still_meets_its_deadline(shell: RemoteShell) -> None:
    with pytest.raises(CommandTimedOut):
        shell.run("yes", soon(0.7))


def test_a_cut_in_mid_command_leaves_the_outcome_unknown(
    served: Served, shell: RemoteShell, tmp_path: Path
) -> None:
    cut_once_there(served, tmp_path / "runs")
    with pytest.raises(OutcomeUnknown, match="sleep 60"):
        shell.run(f"touch {tmp_path}/runs; exec sleep 60", soon())
    assert shell.run("echo again", soon()).stdout == b"again\n"


def test_a_command_that_only_reads_is_run_again_after_a_cut(
    served: Served, shell: RemoteShell, notes: Notes, tmp_path: Path
) -> None:
    cut_once_there(served, tmp_path / "runs")
    once = f"test -e {tmp_path}/runs || {{ touch {tmp_path}/runs; exec sleep 60; }}; echo done"
    assert shell.run(once, soon(), repeatable=True).stdout == b"done\n"
    assert any(note.startswith("repeating") for note in notes)


def test_connections_cut_while_nothing_runs_do_no_harm(served: Served, shell: RemoteShell) -> None:
    shell.run("true", soon())
    served.relay.cut()
    assert shell.run("echo fine", soon()).stdout == b"fine\n"


def test_an_expired_shell_is_replaced(server: Serve, notes: Notes) -> None:
    shell = RemoteShell(server(max_idle_timeout_s=1, idle_timeout_s=1).access, notes.append)

    def replaced() -> bool:
        assert shell.run("echo new", soon(), repeatable=True).stdout == b"new\n"
        return any("2150858843" in note for note in notes)

    shell.run("true", soon(), repeatable=True)
    soon().poll(replaced, "a new shell", interval_s=1.5)
    shell.close()


def test_a_spent_quota_of_operations_is_cured_by_a_new_shell(server: Serve, notes: Notes) -> None:
    shell = RemoteShell(server(max_operations_per_user=5).access, notes.append)
    for number in range(12):
        assert shell.run(f"exit {number}", soon()).exit_code == number
    assert any("2150859174" in note for note in notes)
    shell.close()


def test_a_quota_that_stays_spent_is_a_guest_fault_with_its_code(server: Serve, notes: Notes) -> None:
    served = server(max_shells_per_user=1)
    first = RemoteShell(served.access, notes.append)
    first.run("true", soon())
    second = RemoteShell(served.access, notes.append)
    with pytest.raises(GuestFault, match="shells") as caught:
        second.run("true", soon(), reconnect_s=0.5)
    assert caught.value.code == 2150859173
    first.close()
    assert second.run("echo mine", soon()).stdout == b"mine\n"
    second.close()


def test_shells_that_were_left_are_closed_once_they_are_too_many(server: Serve, notes: Notes) -> None:
    """As after a guest that was too slow to answer again and again."""
    shell = RemoteShell(server(max_shells_per_user=3).access, notes.append)
    for number in range(8):
        assert shell.run(f"echo {number}", soon()).stdout == b"%d\n" % number
        shell.reset()
    assert [note for note in notes if "closed" in note] == []
    shell.close()


def test_a_guest_that_is_not_there_is_unreachable(served: Served, shell: RemoteShell) -> None:
    served.relay.close()
    with pytest.raises(GuestUnreachable, match="refused"):
        shell.run("true", soon(3600), reconnect_s=0.5)  # the test's own time is shorter


def test_a_guest_that_comes_late_is_waited_for(notes: Notes, server: Serve) -> None:
    served = server()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))  # a port of its own, which refuses until somebody listens
    late = served.access.model_copy(update={"port": listener.getsockname()[1]})
    appeared: list[Cutter] = []

    def appear() -> None:
        listener.listen()
        appeared.append(Cutter(served.access.port, listener))

    threading.Timer(0.5, appear).start()
    shell = RemoteShell(late, notes.append)
    assert shell.run("echo late", soon()).stdout == b"late\n"
    shell.close()
    appeared[0].close()


def test_a_wrong_password_is_said_at_once(served: Served, notes: Notes) -> None:
    access = served.access.model_copy(update={"password": SecretStr("wrong")})
    with pytest.raises(GuestFault, match="refused user 'bvt'"):
        RemoteShell(access, notes.append).run("true", soon(3600))  # the test's own time is shorter


def test_a_guest_that_hangs_does_not_hang_the_harness(
    notes: Notes, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "READ_MARGIN_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        access = served.access.model_copy(update={"port": mute.getsockname()[1]})
        shell = RemoteShell(access, notes.append)
        with pytest.raises((GuestUnreachable, OutcomeUnknown)):
            shell.run("true", soon(0.5))
