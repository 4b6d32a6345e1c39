"""pywinrm, which is not ours, drives the server."""

import contextlib
import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WSManFaultError
from winrm.protocol import Protocol

from harness.model.deadline import Deadline
from harness.winrmd.config import Limits
from harness.winrmd.process import Command
from tests.integration.winrmd.servers import (
    Encryption,
    Running,
    Start,
    Transport,
    commands,
    commands_with,
    ended,
)


def run(client: Protocol, shell: str, line: str, *, stdin: bytes | None = None) -> tuple[bytes, bytes, int]:
    command = client.run_command(shell, line)
    if stdin is not None:
        client.send_command_input(shell, command, stdin, end=True)
    try:
        return client.get_command_output(shell, command)
    finally:
        client.cleanup_command(shell, command)


@pytest.mark.parametrize(
    ("tls", "transport", "encryption"),
    [
        (False, "ntlm", "auto"),
        (True, "ntlm", "auto"),
        (True, "ntlm", "always"),
        (True, "basic", "auto"),
        (True, "ssl", "auto"),
    ],
)
def test_a_command_answers_over_every_transport(
    start: Start, tls: bool, transport: Transport, encryption: Encryption
) -> None:
    client = start(tls=tls).protocol(transport, encryption=encryption)
    shell = client.open_shell(codepage=65001)
    out, err, code = run(client, shell, "echo out; echo err >&2; exit 7")
    assert (out, err, code) == (b"out\n", b"err\n", 7)
    client.close_shell(shell)


@pytest.mark.parametrize(("tls", "transport"), [(False, "ntlm"), (True, "ntlm"), (True, "basic")])
def test_a_wrong_password_is_refused(start: Start, tls: bool, transport: Transport) -> None:
    client = start(tls=tls).protocol(transport, password="wrong")
    with pytest.raises(InvalidCredentialsError):
        client.open_shell()


def test_basic_is_not_offered_over_plain_http(server: Running) -> None:
    with pytest.raises(InvalidCredentialsError):
        server.protocol("basic").open_shell()


def test_five_megabytes_arrive_whole_and_in_order(server: Running) -> None:
    client = server.protocol()
    shell = client.open_shell()
    out, _, code = run(client, shell, "seq 1 735000")
    expected = b"".join(b"%d\n" % n for n in range(1, 735001))
    assert len(out) > 5_000_000
    assert hashlib.sha256(out).digest() == hashlib.sha256(expected).digest()
    assert code == 0


def test_input_reaches_the_command(server: Running) -> None:
    client = server.protocol()
    shell = client.open_shell()
    out, _, _ = run(client, shell, "cat; echo end", stdin=b"one\ntwo\n" * 5000)
    assert out == b"one\ntwo\n" * 5000 + b"end\n"


def test_input_can_come_in_parts(server: Running) -> None:
    client = server.protocol()
    shell = client.open_shell()
    command = client.run_command(shell, "read a; echo got $a; read b; echo got $b")
    client.send_command_input(shell, command, b"1\n")
    assert client.get_command_output_raw(shell, command)[0] == b"got 1\n"
    client.send_command_input(shell, command, b"2\n", end=True)
    assert client.get_command_output(shell, command) == (b"got 2\n", b"", 0)


def test_unicode_survives_both_ways(server: Running) -> None:
    client = server.protocol()
    shell = client.open_shell(codepage=65001)
    out, _, _ = run(client, shell, "echo äöü日本🙂; cat", stdin="ñ€".encode())
    assert out.decode() == "äöü日本🙂\nñ€"


def test_a_silent_command_times_out_and_goes_on(start: Start, tmp_path: Path) -> None:
    server = start(limits=Limits(operation_timeout_s=600))  # longer than the client reads
    client = server.protocol(operation_timeout_s=1)
    shell = client.open_shell()
    command = client.run_command(shell, f"until test -e {tmp_path}/go; do sleep 0.05; done; echo late")
    began = time.monotonic()
    with pytest.raises(WinRMOperationTimeoutError):
        client.get_command_output_raw(shell, command)
    assert time.monotonic() - began > 0.9
    (tmp_path / "go").touch()
    assert client.get_command_output(shell, command) == (b"late\n", b"", 0)


def test_termination_ends_everything_the_command_started(server: Running, tmp_path: Path) -> None:
    client = server.protocol()
    shell = client.open_shell()
    command = client.run_command(
        shell, f"(sleep 600; touch {tmp_path}/survived) & echo up; exec tail -f /dev/null"
    )
    assert client.get_command_output_raw(shell, command)[0] == b"up\n"
    commands_with("tail")
    tree = commands_with("sleep")
    client.cleanup_command(shell, command)
    assert all(map(ended, tree))
    assert not (tmp_path / "survived").exists()
    with pytest.raises(WSManFaultError) as gone:
        client.get_command_output_raw(shell, command)
    assert gone.value.wsman_fault_code == 2150858843


def test_a_receive_under_way_is_aborted_by_termination(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, receive = threading.Event(), Command.receive

    def received(self: Command, *arguments: Any) -> Any:
        under_way.set()
        return receive(self, *arguments)

    monkeypatch.setattr(Command, "receive", received)
    client, other = server.protocol(), server.protocol()
    shell = client.open_shell()
    command = client.run_command(shell, "sleep 60")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get_command_output_raw, shell, command)
        assert under_way.wait(30)
        other.cleanup_command(shell, command)
        with pytest.raises(WSManFaultError) as aborted:
            waiting.result(timeout=30)
    assert aborted.value.wsman_fault_code == 995


def test_a_command_ends_though_its_children_hold_the_pipes(server: Running) -> None:
    client = server.protocol()
    shell = client.open_shell()
    out, _, code = run(client, shell, "setsid sleep 600 & echo done $!")  # longer than the test may take
    assert (out.split()[0], code) == (b"done", 0)
    with contextlib.suppress(psutil.NoSuchProcess):  # setsid may have forked
        psutil.Process(int(out.split()[1])).kill()


def test_an_unknown_shell_faults_like_on_windows(server: Running) -> None:
    client = server.protocol()
    with pytest.raises(WSManFaultError) as fault:
        client.run_command("11111111-1111-1111-1111-111111111111", "echo")
    assert fault.value.wsman_fault_code == 2150858843
    assert (fault.value.fault_code, fault.value.fault_subcode) == ("s:Sender", "w:InvalidSelectors")


def test_a_shell_too_many_is_refused_until_one_is_closed(start: Start) -> None:
    client = start(limits=Limits(max_shells_per_user=2)).protocol()
    first, _second = client.open_shell(), client.open_shell()
    with pytest.raises(WSManFaultError) as fault:
        client.open_shell()
    assert fault.value.wsman_fault_code == 2150859173
    client.close_shell(first, close_session=False)
    client.open_shell()


def test_commands_count_as_operations_until_their_shell_is_closed(start: Start) -> None:
    client = start(limits=Limits(max_operations_per_user=4)).protocol()
    shell = client.open_shell()
    for _ in range(4):
        run(client, shell, "true")
    with pytest.raises(WSManFaultError) as fault:
        client.run_command(shell, "true")
    assert fault.value.wsman_fault_code == 2150859174
    client.close_shell(shell, close_session=False)
    assert run(client, client.open_shell(), "echo again")[0] == b"again\n"


def test_a_process_too_many_is_refused(start: Start) -> None:
    client = start(limits=Limits(max_processes_per_shell=1)).protocol()
    shell = client.open_shell()
    client.run_command(shell, "sleep 60")
    with pytest.raises(WSManFaultError) as fault:
        client.run_command(shell, "true")
    assert fault.value.fault_subcode == "w:QuotaLimit"


def test_an_idle_shell_ends_with_its_command(start: Start, tmp_path: Path) -> None:
    client = start(limits=Limits(idle_timeout_s=5)).protocol()
    shell = client.open_shell()
    client.run_command(shell, f"sleep 60; touch {tmp_path}/survived")
    tree = commands()
    Deadline.after(30).poll(lambda: commands() == [], "the end of the idle shell's command")
    assert all(map(ended, tree))
    with pytest.raises(WSManFaultError) as fault:
        client.run_command(shell, "true")
    assert fault.value.wsman_fault_code == 2150858843
    assert not (tmp_path / "survived").exists()


def test_two_clients_do_not_wait_for_each_other(server: Running, tmp_path: Path) -> None:
    def work(own: str, other: str) -> bytes:
        client = server.protocol()
        shell = client.open_shell()
        said = []
        for n in range(2):
            mine, theirs = tmp_path / f"{own}{n}", tmp_path / f"{other}{n}"
            meet = f"touch {mine}; timeout 30 sh -c 'until test -e {theirs}; do sleep 0.02; done'"
            said.append(run(client, shell, f"{meet} && echo {own}{n}")[0])
        return b"".join(said)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, "ab", "ba")) == [b"a0\na1\n", b"b0\nb1\n"]


def test_environment_and_directory_reach_the_command(start: Start, tmp_path: Path) -> None:
    (tmp_path / "Program Files").mkdir()
    client = start(drives={"C:": str(tmp_path)}).protocol()
    shell = client.open_shell(working_directory="c:\\program files", env_vars={"NONCE": "a b"})
    out, _, _ = run(client, shell, 'echo "$NONCE"; pwd')
    assert out.decode() == f"a b\n{tmp_path}/Program Files\n"


def test_a_directory_that_is_not_there_is_a_fault(start: Start, tmp_path: Path) -> None:
    client = start(drives={"C:": str(tmp_path)}).protocol()
    shell = client.open_shell(working_directory="C:\\nowhere")
    with pytest.raises(WSManFaultError) as fault:
        client.run_command(shell, "true")
    assert fault.value.wsman_fault_code == 267


def test_the_exit_code_has_all_32_bits(start: Start) -> None:
    launcher = (
        "/bin/sh",
        "-c",
        'echo "{\\"exit_code\\": 3221225786}" > "$0"; : "$1"',
        "{result}",
        "{command}",
    )
    client = start(launcher=launcher).protocol()
    assert run(client, client.open_shell(), "anything")[2] == 0xC000013A


def test_a_launcher_that_leaves_no_result_is_a_fault_and_no_success(start: Start) -> None:
    launcher = ("/bin/sh", "-c", "echo partly; : $0 $1", "{result}", "{command}")
    client = start(launcher=launcher).protocol()
    shell = client.open_shell()
    with pytest.raises(WSManFaultError) as fault:
        client.get_command_output(shell, client.run_command(shell, "anything"))
    assert "outcome is unknown" in fault.value.reason


def test_one_connection_serves_many_commands(start: Start) -> None:
    client = start(tls=True).protocol()
    shell = client.open_shell()
    assert [run(client, shell, f"echo {n}")[0] for n in range(20)] == [b"%d\n" % n for n in range(20)]
