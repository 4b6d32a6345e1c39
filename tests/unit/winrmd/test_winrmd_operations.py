"""What the service answers to envelopes. Commands are real, short processes."""

import base64
import threading
from dataclasses import replace
from xml.etree import ElementTree

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.winrmd import faults, shell_faults
from harness.winrmd import namespaces as ns
from harness.winrmd.caller import Caller
from harness.winrmd.config import Limits, ServerConfig
from tests.unit.winrmd.client import CALLER, SHELL, Client
from tests.unit.winrmd.envelopes import fault_number, request, text_of


def test_an_answer_stays_within_the_envelope_that_the_client_can_take(client: Client) -> None:
    shell = client.open()
    command = client.command(shell, "head -c 100000 /dev/zero")
    received = 0
    while received < 100000:
        answer = client.receive(shell, command, max_size="8192")
        assert len(answer) <= 8192
        received += len(base64.b64decode(text_of(answer, ns.SHELL, "Stream")))


def test_a_receive_without_output_times_out(client: Client) -> None:
    shell = client.open()
    command = client.command(shell, "sleep 30")
    assert fault_number(client.receive(shell, command, timeout="PT0.05S")) == faults.OPERATION_TIMED_OUT


def test_a_command_that_nobody_can_watch_is_ended(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    shell = client.open()
    before = set(psutil.Process().children())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    body = "<rsp:CommandLine><rsp:Command>sleep 30</rsp:Command></rsp:CommandLine>"
    answer = client.send(request(ns.COMMAND, body, shell_id=shell))
    assert fault_number(answer) == shell_faults.PROVIDER_FAILURE
    assert set(psutil.Process().children()) <= before


def test_output_of_a_code_page_is_converted_when_told_so(config: ServerConfig) -> None:
    client = Client(replace(config, output_encodings={65001: ("cp850", "utf-8")}))
    shell = client.open(options='<w:Option Name="WINRS_CODEPAGE">65001</w:Option>')
    command = client.command(shell, r"printf '\204\224\201'")
    assert base64.b64decode(text_of(client.receive(shell, command), ns.SHELL, "Stream")).decode() == "äöü"


def test_the_environment_of_a_code_page_reaches_only_its_shells(config: ServerConfig) -> None:
    client = Client(replace(config, codepage_environment={65001: {"LC_CTYPE": "hi_IN.UTF-8"}}))
    said = []
    for options in (
        '<w:Option Name="WINRS_CODEPAGE">65001</w:Option>',
        '<w:Option Name="WINRS_CODEPAGE">437</w:Option>',
    ):
        shell = client.open(options=options)
        command = client.command(shell, "echo [$LC_CTYPE]")
        said.append(base64.b64decode(text_of(client.receive(shell, command), ns.SHELL, "Stream")))
    assert said[0] == b"[hi_IN.UTF-8]\n"
    assert said[1] != said[0]


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (request(ns.CREATE, ""), faults.SCHEMA_VALIDATION),
        (request(ns.CREATE, SHELL, resource="urn:other"), faults.RESOURCE_NOT_FOUND),
        (request("urn:nothing", SHELL), faults.INVALID_ACTION),
        (
            request(ns.CREATE, SHELL, options='<w:Option Name="WINRS_CODEPAGE">utf8</w:Option>'),
            faults.OPTION_INVALID_VALUE,
        ),
        (
            request(ns.CREATE, SHELL, options='<w:Option Name="ODD" MustComply="true">1</w:Option>'),
            faults.OPTIONS_NOT_SUPPORTED,
        ),
        (request(ns.CREATE, SHELL.replace("stdin", "pr")), faults.ERROR_INVALID_PARAMETER),
        (
            request(ns.CREATE, "<rsp:Shell><rsp:IdleTimeOut>9</rsp:IdleTimeOut></rsp:Shell>"),
            faults.SCHEMA_VALIDATION,
        ),
        (request(ns.DELETE), shell_faults.MISSING_SELECTOR),
        (request(ns.DELETE, shell_id="gone"), shell_faults.UNEXPECTED_SELECTORS),
        (request(ns.COMMAND, "<rsp:CommandLine/>", shell_id="gone"), faults.SCHEMA_VALIDATION),
        (
            request(ns.SIGNAL, '<rsp:Signal CommandId="x"/>', shell_id="gone"),
            shell_faults.UNEXPECTED_SELECTORS,
        ),
    ],
)
def test_what_cannot_be_done_is_a_fault_with_its_number(client: Client, data: bytes, number: int) -> None:
    answer = client.service.answer(data, CALLER)
    assert answer.status == 500
    assert fault_number(answer.body) == number


@pytest.mark.parametrize(
    ("action", "body", "number"),
    [
        (
            ns.SEND,
            '<rsp:Send><rsp:Stream Name="stdin" CommandId="x">YQ==</rsp:Stream></rsp:Send>',
            shell_faults.UNEXPECTED_SELECTORS,
        ),
        (
            ns.SEND,
            '<rsp:Send><rsp:Stream Name="pr" CommandId="x">YQ==</rsp:Stream></rsp:Send>',
            shell_faults.INVALID_INPUT_STREAM,
        ),
        (
            ns.SEND,
            '<rsp:Send><rsp:Stream Name="stdin" CommandId="x">!</rsp:Stream></rsp:Send>',
            faults.SCHEMA_VALIDATION,
        ),
        (
            ns.RECEIVE,
            "<rsp:Receive><rsp:DesiredStream>odd</rsp:DesiredStream></rsp:Receive>",
            faults.ERROR_INVALID_PARAMETER,
        ),
        (ns.RECEIVE, "<rsp:Receive><rsp:DesiredStream/></rsp:Receive>", faults.ERROR_INVALID_PARAMETER),
    ],
)
def test_a_wrong_body_for_an_open_shell_is_a_fault(
    client: Client, action: str, body: str, number: int
) -> None:
    assert fault_number(client.send(request(action, body, shell_id=client.open()))) == number


def test_a_program_that_cannot_be_started_is_a_fault(config: ServerConfig) -> None:
    client = Client(replace(config, launcher=("/no/such/launcher", "{command}")))
    body = "<rsp:CommandLine><rsp:Command>x</rsp:Command></rsp:CommandLine>"
    assert (
        fault_number(client.send(request(ns.COMMAND, body, shell_id=client.open())))
        == shell_faults.PROVIDER_FAILURE
    )


def test_a_shell_belongs_to_its_owner(client: Client) -> None:
    shell = client.open()
    answer = client.send(request(ns.DELETE, shell_id=shell), Caller("other", "127.0.0.1"))
    assert fault_number(answer) == shell_faults.UNEXPECTED_SELECTORS
    assert fault_number(client.send(request(ns.DELETE, shell_id=shell.lower()))) is None


def test_a_shell_id_proposed_twice_is_refused(client: Client) -> None:
    body = SHELL.replace("<rsp:Shell>", '<rsp:Shell ShellId="4E0C4D2C-0000-4000-8000-000000000000">')
    assert client.open(body) == "4E0C4D2C-0000-4000-8000-000000000000"
    assert fault_number(client.send(request(ns.CREATE, body))) == shell_faults.SHELL_ID_EXISTS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_garbage_never_breaks_the_service(client: Client, data: st.DataObject) -> None:
    text = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
    names = st.sampled_from(
        ["Shell", "CommandLine", "Send", "Receive", "Signal", "Stream", "DesiredStream", "Code", "odd"]
    )

    def element(depth: int) -> str:
        name = data.draw(names)
        attribute = data.draw(st.sampled_from(["", ' CommandId="x"', ' Name="stdin"', ' End="true"']))
        count = data.draw(st.integers(0, 2)) if depth else 0
        inner = "".join(element(depth - 1) for _ in range(count))
        return f"<rsp:{name}{attribute}>{inner}{data.draw(text).translate(ESCAPES)}</rsp:{name}>"

    actions = st.sampled_from([ns.CREATE, ns.DELETE, ns.GET, ns.SEND, ns.RECEIVE, ns.SIGNAL, "urn:odd"])
    answer = client.service.answer(
        request(data.draw(actions), element(3), shell_id=data.draw(st.sampled_from(["A", ""]))), CALLER
    )
    assert answer.status in (200, 500)
    assert (fault_number(answer.body) is None) == (answer.status == 200)


ESCAPES = str.maketrans({"<": "&lt;", "&": "&amp;", ">": "&gt;"})


def test_limits_are_told_with_the_configuration(config: ServerConfig) -> None:
    client = Client(replace(config, limits=Limits(max_shells_per_user=3)))
    answer = client.send(request(ns.GET, resource=ns.RESOURCE_CONFIG))
    assert text_of(answer, ns.CONFIG, "MaxShellsPerUser") == "3"
    assert text_of(answer, ns.CONFIG, "MaxEnvelopeSizekb") == "500"


def test_no_answer_is_larger_than_its_client_takes(client: Client) -> None:
    for text in ("A" * 200_000, '"' * 200_000):
        answer = client.send(request(text, max_size="8192"))
        assert fault_number(answer) == faults.INVALID_ACTION
        assert len(answer) <= 8192
    named = f"<rsp:Shell><rsp:Name>{'n' * 20_000}</rsp:Name></rsp:Shell>"
    assert fault_number(client.send(request(ns.CREATE, named, max_size="8192"))) == faults.ENVELOPE_EXCEEDED


@pytest.mark.parametrize("codepage", ["1" * 5000, "65536", "٤٣٧", "-1", ""])
def test_a_code_page_that_is_none_is_refused(client: Client, codepage: str) -> None:
    option = f'<w:Option Name="WINRS_CODEPAGE">{codepage}</w:Option>'
    assert fault_number(client.send(request(ns.CREATE, SHELL, options=option))) == faults.OPTION_INVALID_VALUE


def test_input_that_is_not_ascii_is_a_fault(client: Client) -> None:
    shell = client.open()
    command = client.command(shell, "cat")
    body = f'<rsp:Send><rsp:Stream Name="stdin" CommandId="{command}">ä</rsp:Stream></rsp:Send>'
    assert fault_number(client.send(request(ns.SEND, body, shell_id=shell))) == faults.SCHEMA_VALIDATION


def test_a_wrong_parameter_is_told_as_the_plug_in_of_the_shell_tells_it(client: Client) -> None:
    """As recorded from Windows in jborean93/pypsrp, tests/responses/test_winrs_fail_poll_process.yml."""
    shell_id = client.open()
    body = "<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>"
    answer = client.send(request(ns.RECEIVE, body, shell_id=shell_id))
    assert fault_number(answer) == 87
    said = ElementTree.fromstring(answer).find(f".//{{{ns.WSMAN_FAULT}}}ProviderFault")
    assert said is not None
    assert said.attrib == {
        "provider": "Shell cmd plugin",
        "path": "%systemroot%\\system32\\winrscmd.dll",
    }
    assert said.text == "The parameter is incorrect."
    assert text_of(answer, ns.WSMAN, "FaultDetail").endswith("/faultDetail/InvalidValue")
