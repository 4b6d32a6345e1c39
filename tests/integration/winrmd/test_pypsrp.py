"""pypsrp, which is not ours either, drives the server by its WinRS shell."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.shell import CommandState, Process, SignalCode, WinRS

from harness.winrmd.config import Limits
from tests.integration.winrmd.servers import Running, Start, commands_with, ended

PsrpAuth = Literal["basic", "ntlm", "negotiate"]


@pytest.mark.parametrize(
    ("tls", "auth", "encryption"),
    [
        (False, "ntlm", "auto"),
        (False, "negotiate", "auto"),
        (True, "ntlm", "auto"),
        (True, "ntlm", "always"),
        (True, "negotiate", "always"),
        (True, "basic", "auto"),
    ],
)
def test_a_process_answers_over_every_transport(
    start: Start, tls: bool, auth: PsrpAuth, encryption: str
) -> None:
    with start(tls=tls).wsman(auth, encryption=encryption) as wsman, WinRS(wsman, codepage=65001) as shell:
        process = Process(shell, "echo", ["äöü日本; echo err >&2; exit 3"])
        process.invoke()
        process.signal(SignalCode.CTRL_C)
        assert (process.stdout.decode(), process.stderr, process.rc) == ("äöü日本\n", b"err\n", 3)


def test_a_wrong_password_is_refused(server: Running) -> None:
    with server.wsman(password="wrong") as wsman, pytest.raises(AuthenticationError):
        WinRS(wsman).open()


def test_large_output_arrives_whole(secure: Running) -> None:
    with secure.wsman() as wsman, WinRS(wsman) as shell:
        process = Process(shell, "head -c 5000000 /dev/zero | tr '\\0' x")
        process.invoke()
        assert process.stdout == b"x" * 5_000_000


def test_input_reaches_the_process_in_parts(server: Running) -> None:
    with server.wsman() as wsman, WinRS(wsman) as shell:
        process = Process(shell, "cat")
        process.begin_invoke()
        process.send(b"a" * 80_000, end=False)
        process.send("日本".encode(), end=True)
        process.end_invoke()
        assert process.stdout == b"a" * 80_000 + "日本".encode()


def test_a_timeout_leaves_the_process_running(server: Running, tmp_path: Path) -> None:
    with server.wsman() as wsman, WinRS(wsman) as shell:
        process = Process(shell, f"until test -e {tmp_path}/go; do sleep 0.05; done; echo late")
        process.begin_invoke()
        process.poll_invoke(timeout=1)
        assert process.state != CommandState.DONE
        (tmp_path / "go").touch()
        process.end_invoke()
        assert process.stdout == b"late\n"


def test_terminate_ends_the_process(server: Running, tmp_path: Path) -> None:
    with server.wsman() as wsman, WinRS(wsman) as shell:
        process = Process(shell, f"sleep 60; touch {tmp_path}/survived")
        process.begin_invoke()
        tree = commands_with("sleep")
        process.signal(SignalCode.TERMINATE)
        assert all(map(ended, tree))
        with pytest.raises(WSManFaultError) as fault:
            process.poll_invoke()
        assert fault.value.code == 2150858843
        assert not (tmp_path / "survived").exists()


def test_ctrl_c_interrupts_the_process(server: Running) -> None:
    with server.wsman() as wsman, WinRS(wsman) as shell:
        process = Process(shell, "trap 'echo caught; exit 9' INT; echo up; while :; do sleep 0.05; done")
        process.begin_invoke()
        while process.stdout != b"up\n":
            process.poll_invoke()
        process.signal(SignalCode.CTRL_C)
        process.end_invoke()
        assert (process.stdout, process.rc) == (b"up\ncaught\n", 9)


def test_an_interrupted_launcher_gives_the_exit_code_of_windows(start: Start) -> None:
    launcher = ("/bin/sh", "-c", "echo up; sleep 30; : $0 $1", "{result}", "{command}")
    with start(launcher=launcher).wsman() as wsman, WinRS(wsman) as shell:
        process = Process(shell, "anything")
        process.begin_invoke()
        process.poll_invoke()
        process.signal(SignalCode.CTRL_C)
        process.end_invoke()
        assert process.rc == 0xC000013A


def test_the_command_shell_can_be_skipped(start: Start) -> None:
    launcher = ("/bin/sh", "-c", 'printf %s "$0"', "{command}")
    with start(launcher=launcher).wsman() as wsman, WinRS(wsman) as shell:
        direct = Process(shell, '"C:\\a b\\x.exe"', ['"c d"', "%E%"], no_shell=True)
        direct.invoke()
        by_cmd = Process(shell, '"C:\\a b\\x.exe"', ['"c d"', "%E%"])
        by_cmd.invoke()
    assert direct.stdout == b'"C:\\a b\\x.exe" "c d" %E%'
    assert by_cmd.stdout == b'cmd.exe /c "C:\\a b\\x.exe" "c d" %E%'


def test_a_command_id_given_by_the_client_is_kept(server: Running) -> None:
    wanted = str(uuid.uuid4()).upper()
    with server.wsman() as wsman, WinRS(wsman) as shell:
        shell.command("echo", ["hi"], command_id=wanted)
        state, code, streams = shell.receive(command_id=wanted)
        assert (state, code, streams["stdout"]) == (CommandState.DONE, 0, b"hi\n")
        with pytest.raises(WSManFaultError):
            shell.command("echo", ["hi"], command_id=wanted)


def test_the_shell_tells_what_it_is(server: Running) -> None:
    with server.wsman() as wsman, WinRS(wsman, idle_time_out=90, name="probe") as shell:
        assert shell.owner == "bvt"
        assert str(shell.idle_time_out) == "PT90.000S"
        assert shell._get_shell()["Name"] == "probe"


def test_the_configuration_tells_the_envelope_size(start: Start) -> None:
    with start(limits=Limits(max_envelope_size=300 * 1024)).wsman() as wsman:
        before = wsman.max_payload_size
        wsman.update_max_payload_size()
        assert wsman.max_payload_size > before
        assert wsman.max_envelope_size == 300 * 1024


def test_an_unknown_resource_and_action_are_faults(server: Running) -> None:
    with server.wsman() as wsman:
        with pytest.raises(WSManFaultError) as fault:
            wsman.get("http://schemas.example/nothing")
        assert fault.value.code == 2150858752
        with pytest.raises(WSManFaultError) as fault:
            wsman.put("http://schemas.microsoft.com/wbem/wsman/1/windows/shell", None)
        assert fault.value.code == 2150858753


def test_one_user_cannot_use_the_shell_of_another(start: Start) -> None:
    running = start(users={"bvt": "Pä55 word!", "other": "secret"})
    with (
        running.wsman() as mine,
        WinRS(mine) as shell,
        running.wsman(user="other", password="secret") as wsman,
    ):
        theirs = WinRS(wsman, id=shell.id)
        theirs._selector_set = shell._selector_set
        with pytest.raises(WSManFaultError) as fault:
            theirs.command("echo", ["hi"])
    assert fault.value.code == 2150858843


def test_both_clients_work_at_once(secure: Running) -> None:
    def by_pypsrp() -> bytes:
        with secure.wsman() as wsman, WinRS(wsman) as shell:
            process = Process(shell, "sleep 0.3; echo pypsrp")
            process.invoke()
            return process.stdout

    def by_pywinrm() -> bytes:
        client = secure.protocol("basic")
        shell = client.open_shell()
        output: tuple[bytes, bytes, int] = client.get_command_output(
            shell, client.run_command(shell, "sleep 0.3; echo pywinrm")
        )
        return output[0]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(by_pypsrp), pool.submit(by_pywinrm)
        assert (first.result(60), second.result(60)) == (b"pypsrp\n", b"pywinrm\n")
