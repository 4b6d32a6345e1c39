"""What testers found wrong once, asked of a whole server over plain HTTP, as a client on the other side sees it."""

import base64
import http.client
import logging
import re
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest
import spnego
from spnego._ntlm_raw.messages import Challenge

from harness.winrmd import namespaces as ns
from harness.winrmd.log_lines import OneLine
from tests.integration.winrmd.servers import PASSWORD, USER, Running, Start
from tests.unit.winrmd.envelopes import fault_number, request, text_of

BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
"""DSP0226 chapter 11; written out here, because the server's own constant was wrong once."""
IDENTIFY = f'<s:Envelope xmlns:s="{ns.SOAP}"><s:Body><i:Identify xmlns:i="{IDENTITY}"/></s:Body></s:Envelope>'.encode()
NAMES = "<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams>"
STREAMS = f"<rsp:Shell>{NAMES}</rsp:Shell>"


@pytest.fixture
def server(start: Start) -> Running:
    return start(allow_unencrypted=True)


def raw(server: Running, head: bytes, body: bytes = b"") -> bytes:
    """What is answered to a request that is written by hand."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as peer:
        peer.sendall(b"POST /wsman HTTP/1.1\r\nHost: h\r\n" + head + b"\r\n" + body)
        return peer.recv(65536)


def post(server: Running, body: bytes) -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        headers = {"Authorization": BASIC, "Content-Type": "application/soap+xml;charset=UTF-8"}
        connection.request("POST", "/wsman", body, headers)
        return connection.getresponse().read()


def shell_of(server: Running) -> str:
    return text_of(post(server, request(ns.CREATE, STREAMS)), ns.SHELL, "ShellId")


def command(server: Running, shell: str, line: str) -> str:
    body = f"<rsp:CommandLine><rsp:Command>{line}</rsp:Command></rsp:CommandLine>"
    return text_of(post(server, request(ns.COMMAND, body, shell_id=shell)), ns.SHELL, "CommandId")


def receive(server: Running, shell: str, of: str, streams: str, timeout: str = "PT20S") -> bytes:
    body = f"<rsp:Receive><rsp:DesiredStream{of}>{streams}</rsp:DesiredStream></rsp:Receive>"
    return post(server, request(ns.RECEIVE, body, shell_id=shell, timeout=timeout))


def test_identify_is_answered_in_its_own_namespace_with_login_and_without(server: Running) -> None:
    anonymous = raw(
        server, b"WSMANIDENTIFY: unauthenticated\r\nContent-Length: %d\r\n" % len(IDENTIFY), IDENTIFY
    )
    for answer in (anonymous.partition(b"\r\n\r\n")[2], post(server, IDENTIFY)):
        assert text_of(answer, IDENTITY, "ProtocolVersion") == ns.WSMAN


def test_the_domain_that_the_challenge_announced_is_taken(server: Running) -> None:
    """A client that knows no domain takes that of the challenge (masterzen's for Go does)."""

    def login(user: str) -> tuple[int, str]:
        client = spnego.client(user, PASSWORD, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        token, announced = client.step(), ""
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            for _ in range(2):
                sent = f"Negotiate {base64.b64encode(token or b'').decode()}"
                connection.request("POST", "/wsman", headers={"Authorization": sent, "Content-Length": "0"})
                answer = connection.getresponse()
                answer.read()
                given = re.search(r"Negotiate ([\w+/=]{20,})", answer.getheader("WWW-Authenticate") or "")
                if given is None:
                    break
                challenge = base64.b64decode(given[1])
                announced = Challenge.unpack(challenge).target_name or ""
                token = client.step(challenge)
            return answer.status, announced

    announced = login("nobody")[1]
    assert announced
    assert login(f"{announced}\\{USER}")[0] == 200
    assert login(f"elsewhere\\{USER}")[0] == 401


@pytest.mark.parametrize(
    "credentials",
    [
        b"Basic \xe4",
        b"Negotiate " + base64.b64encode(bytes.fromhex("604806062b0601050502a03e303c")),  # no mechanism in it
        b"Negotiate \xe4",
        b"NTLM",
        b"\xff\xfe",
    ],
)
def test_credentials_that_are_none_are_answered(server: Running, credentials: bytes) -> None:
    answer = raw(server, b"Authorization: " + credentials + b"\r\nContent-Length: 0\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_two_lengths_are_refused(server: Running) -> None:
    login = f"Authorization: {BASIC}\r\n".encode()
    assert raw(server, login + b"Content-Length: 5\r\nContent-Length: 0\r\n").startswith(b"HTTP/1.1 400 ")


def test_what_windows_takes_for_a_wrong_value_is_a_fault(server: Running) -> None:
    option = f'<w:Option Name="WINRS_CODEPAGE">{"1" * 5000}</w:Option>'
    assert fault_number(post(server, request(ns.CREATE, STREAMS, options=option))) == 2150858835
    shell = shell_of(server)
    reads = command(server, shell, "cat")
    sent = f'<rsp:Send><rsp:Stream Name="stdin" CommandId="{reads}">ä</rsp:Stream></rsp:Send>'
    assert fault_number(post(server, request(ns.SEND, sent, shell_id=shell))) == 2150858817
    assert fault_number(receive(server, shell, "", "stdout stderr")) == 87


def test_one_stream_is_waited_for_and_the_other_kept(server: Running) -> None:
    shell = shell_of(server)
    both = f' CommandId="{command(server, shell, "echo o; echo e &gt;&amp;2")}"'
    while b"ExitCode" not in receive(server, shell, both, "stdout"):
        pass
    assert base64.b64encode(b"e\n") in receive(server, shell, both, "stderr")
    noisy = f' CommandId="{command(server, shell, "while :; do echo e &gt;&amp;2; sleep 0.05; done")}"'
    began = time.monotonic()
    assert fault_number(receive(server, shell, noisy, "stdout", "PT1S")) == 2150858793
    assert time.monotonic() - began >= 1.0


def test_no_client_writes_a_line_of_the_log(
    server: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As the program writes it: `__main__` gives its log this form."""
    file = tmp_path / "log"
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(OneLine())
    logger = logging.getLogger("winrmd")
    caplog.set_level(logging.INFO, "winrmd")
    logger.addHandler(handler)
    try:
        forged = "2000-01-01 00:00:00,000 INFO forged line"
        assert fault_number(post(server, request(f"urn:x\n{forged}")))
    finally:
        logger.removeHandler(handler)
        handler.close()
    lines = file.read_text().splitlines()
    assert any("forged line" in line for line in lines), "what the client sent is in the log"
    assert not [line for line in lines if line.startswith("2000-01-01")]


def test_a_fault_is_no_larger_than_its_client_takes(server: Running) -> None:
    answer = post(server, request("A" * 200_000, max_size="8192"))
    assert fault_number(answer) is not None
    assert len(answer) <= 8192
    assert not re.search(b"A{8000}", answer)
