"""Answers that a real Windows gives and the project's own server never does, from a server that gives what it is told.

Which code stands for what: `harness/guest/winrm/fault_codes.py`.
"""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from harness.guest.winrm import envelopes, fault_codes
from harness.guest.winrm.link import HttpFailure
from harness.guest.winrm.shell import RemoteShell
from harness.model.deadline import Deadline
from harness.model.errors import GuestFault, OutcomeUnknown
from harness.model.machine import WinRMAccess

Answer = tuple[int, str]
SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"


def soap(body: str) -> str:
    head = f'<s:Envelope xmlns:s="{SOAP}" xmlns:w="{WSMAN}" xmlns:r="{envelopes.RSP}">'
    return f"{head}<s:Body>{body}</s:Body></s:Envelope>"


def fault(code: int) -> Answer:
    detail = f'<f:WSManFault xmlns:f="{FAULT}" Code="{code}"/>'
    return 500, soap(
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>told to</s:Text></s:Reason>"
        f"<s:Detail>{detail}</s:Detail></s:Fault>"
    )


def received(stream: str = "aGk=", exit_code: str = "<r:ExitCode>0</r:ExitCode>") -> Answer:
    state = f'<r:CommandState State="{envelopes.DONE}">{exit_code}</r:CommandState>'
    return 200, soap(
        f'<r:ReceiveResponse><r:Stream Name="stdout">{stream}</r:Stream>{state}</r:ReceiveResponse>'
    )


SHELL = 200, soap('<w:Selector Name="ShellId">\n  S\n</w:Selector>')
STARTED = 200, soap("<r:CommandResponse><r:CommandId> C </r:CommandId></r:CommandResponse>")
DONE = received()
TIMED_OUT = 0x80338029
ASIDE = {"Delete", "Signal"}
"""What gives a shell or a command back: any answer will do."""


class Windows:
    """Answers Create, Command and Receive with what it was told, one after another; all else with nothing."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                action = re.findall(r"/(\w+)</a:Action", text)[0]
                told.asked.append(action)
                status, body = (200, soap("")) if action in ASIDE else told.answers.pop(0)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        access = WinRMAccess(
            host="127.0.0.1",
            port=self._server.server_port,
            username="u",
            password=SecretStr("p"),
            auth="basic",
        )
        self.shell = RemoteShell(access, lambda _: None)

    def run(self, *answers: Answer, repeatable: bool = False) -> envelopes.Output:
        self.answers[:] = answers
        return self.shell.run("x.exe", Deadline.after(30), repeatable=repeatable, reconnect_s=1)

    def close(self) -> None:
        self.shell.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@pytest.fixture
def windows() -> Iterator[Windows]:
    made = Windows()
    yield made
    made.close()


@pytest.mark.parametrize("code", sorted(fault_codes.QUOTA | fault_codes.SHELL_GONE))
def test_a_shell_that_is_gone_or_full_when_a_command_comes_is_replaced(windows: Windows, code: int) -> None:
    assert windows.run(SHELL, fault(code), SHELL, STARTED, DONE).stdout == b"hi"
    assert windows.asked.count("Create") == 2


@pytest.mark.parametrize("code", sorted(fault_codes.SHELL_GONE))
def test_a_shell_that_goes_in_mid_command_leaves_the_outcome_unknown(windows: Windows, code: int) -> None:
    with pytest.raises(OutcomeUnknown):
        windows.run(SHELL, STARTED, fault(code))
    assert windows.run(SHELL, STARTED, fault(code), SHELL, STARTED, DONE, repeatable=True).stdout == b"hi"


@pytest.mark.parametrize("status", [404, 500, 502, 503])
def test_a_service_that_comes_and_goes(windows: Windows, status: int) -> None:
    assert windows.run((status, ""), SHELL, STARTED, DONE).stdout == b"hi"  # nothing ran: again
    for answers in ([(status, "")], [STARTED, (status, "")]):
        windows.shell.reset()
        with pytest.raises(OutcomeUnknown):
            windows.run(SHELL, *answers)
        assert windows.run(SHELL, *answers, SHELL, STARTED, DONE, repeatable=True).stdout == b"hi"


def test_a_service_that_does_not_come_is_named(windows: Windows) -> None:
    with pytest.raises(HttpFailure, match="answered HTTP 503 without a WinRM fault"):
        windows.run(*[(503, "")] * 40)


def test_a_shell_that_is_not_opened_in_time_is_asked_for_again(windows: Windows) -> None:
    assert windows.run(fault(TIMED_OUT), SHELL, STARTED, DONE).stdout == b"hi"


def test_a_command_that_is_not_said_to_run_in_time_may_run(windows: Windows) -> None:
    with pytest.raises(OutcomeUnknown, match="in time"):
        windows.run(SHELL, fault(TIMED_OUT))
    assert windows.run(SHELL, STARTED, DONE).stdout == b"hi"  # in a shell of its own


def test_an_end_without_an_exit_code_is_no_success(windows: Windows) -> None:
    silent = received(exit_code="")
    with pytest.raises(OutcomeUnknown, match="not with which exit code"):
        windows.run(SHELL, STARTED, silent)
    assert windows.run(STARTED, silent, STARTED, DONE, repeatable=True).exit_code == 0


@pytest.mark.parametrize("stream", ["@@@@aGk=", "aGk", "aGk=aGk"])
def test_output_that_is_not_base64_is_refused(windows: Windows, stream: str) -> None:
    with pytest.raises(GuestFault, match="not base64"):
        windows.run(SHELL, STARTED, received(stream))


def test_base64_may_be_broken_into_lines(windows: Windows) -> None:
    assert windows.run(SHELL, STARTED, received("aG\n k=")).stdout == b"hi"


@pytest.mark.parametrize(
    "code",
    [
        *(2147943418, 2150859175, 2150859176, 2150859179, 2150859236, 2150859240, 2150859241),  # on Command
        *(1223, 2150859204, 2150859230),  # on Receive
    ],
)
def test_the_codes_that_others_met_are_known_by_their_numbers(code: int) -> None:
    assert code in fault_codes.QUOTA | fault_codes.SHELL_GONE
