"""A command's streams, each for whoever asks for it."""

from dataclasses import replace

from harness.winrmd import namespaces as ns
from harness.winrmd.config import ServerConfig
from tests.unit.winrmd.client import Client, receive, stream
from tests.unit.winrmd.envelopes import request, text_of


def test_each_stream_is_kept_for_whoever_asks_for_it(client: Client) -> None:
    shell = client.open("<rsp:Shell><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>")
    command = client.command(shell, "echo o; echo e &gt;&amp;2; exit 3")
    out = b""
    while b"ExitCode" not in (answer := receive(client, shell, command, "stdout")):
        out += stream(answer, "stdout")
    assert out + stream(answer, "stdout") == b"o\n"
    last = receive(client, shell, command, "stderr")
    assert stream(last, "stderr") == b"e\n"
    assert b">3</rsp:ExitCode>" in last


def test_output_that_nobody_asks_for_ends_no_wait_and_holds_nothing_up(client: Client) -> None:
    shell = client.open("<rsp:Shell><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>")
    # More on stderr than is held for a client; then a word on stdout.
    command = client.command(shell, "(head -c 3000000 /dev/zero &gt;&amp;2) &amp; sleep 0.3; echo word; wait")
    assert stream(receive(client, shell, command, "stdout"), "stdout") == b"word\n"
    size = 0
    while b"ExitCode" not in (answer := receive(client, shell, command, "stderr")):
        size += len(stream(answer, "stderr"))
    assert size + len(stream(answer, "stderr")) == 3_000_000


def test_a_system_that_runs_all_by_cmd_does_so_whatever_the_client_says(config: ServerConfig) -> None:
    line = "<rsp:CommandLine><rsp:Command>x.exe</rsp:Command></rsp:CommandLine>"
    skip = '<w:Option Name="WINRS_SKIP_CMD_SHELL">TRUE</w:Option>'
    said = {}
    for honours in (True, False):
        client = Client(replace(config, honours_skip_cmd_shell=honours, launcher=("/bin/echo", "{command}")))
        shell = client.open()
        command = text_of(
            client.send(request(ns.COMMAND, line, shell_id=shell, options=skip)), ns.SHELL, "CommandId"
        )
        said[honours] = stream(receive(client, shell, command, "stdout"), "stdout")
        client.shells.close_all()
    assert said == {True: b"x.exe\n", False: b"cmd.exe /c x.exe\n"}
