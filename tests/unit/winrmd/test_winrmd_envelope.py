"""Reading requests and writing answers."""

import contextlib
import string
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.winrmd import faults, responses
from harness.winrmd import namespaces as ns
from harness.winrmd.envelope import Identify, Request, message_id_of, parse_duration, parse_request
from harness.winrmd.fault import Fault
from tests.unit.winrmd.envelopes import MESSAGE_ID, fault_number, request


def parsed(data: bytes) -> Request:
    found = parse_request(data)
    assert isinstance(found, Request)
    return found


def refused(data: bytes) -> Fault:
    with pytest.raises(Fault) as caught:
        parse_request(data)
    return caught.value


def test_headers_are_read_whatever_their_case_or_prefix() -> None:
    options = '<w:Option Name="WINRS_CodePage" MustComply="true"> 65001 </w:Option>'
    found = parsed(request(ns.CREATE, options=options, shell_id="AB", timeout="PT1M2.5S"))
    assert found.action == ns.CREATE
    assert found.message_id == MESSAGE_ID
    assert found.selectors == {"shellid": "AB"}
    assert found.options == {"winrs_codepage": "65001"}
    assert found.obligatory_options == {"winrs_codepage"}
    assert found.operation_timeout_s == 62.5
    assert found.max_envelope_size == 153600


def test_identify_needs_no_addressing() -> None:
    data = (
        f'<s:Envelope xmlns:s="{ns.SOAP}"><s:Body><i:Identify xmlns:i="{ns.IDENTITY}"/></s:Body></s:Envelope>'
    )
    assert isinstance(parse_request(data.encode()), Identify)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT20S", 20),
        ("PT60.000S", 60),
        ("P1DT1H1M1S", 90061),
        ("PT0.5S", 0.5),
        ("P2D", 172800),
        ("PT1H", 3600),
        ("P1Y2M", (365 + 60) * 86400),
    ],
)
def test_a_duration_is_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "20", "-PT1S", "PT1", "PTS", "PT١S", "P1M1Y", "P1S"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (b"", faults.SCHEMA_VALIDATION),
        (b"<a>", faults.SCHEMA_VALIDATION),
        (b"<a/>", faults.SCHEMA_VALIDATION),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', faults.SCHEMA_VALIDATION),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', faults.SCHEMA_VALIDATION),
        (f'<s:Envelope xmlns:s="{ns.SOAP}"/>'.encode(), faults.SCHEMA_VALIDATION),
        (f'<s:Envelope xmlns:s="{ns.SOAP}"><s:Body/></s:Envelope>'.encode(), faults.MESSAGE_HEADER_REQUIRED),
        (request(""), faults.MESSAGE_HEADER_REQUIRED),
        (request(ns.GET, timeout="soon"), faults.INVALID_TIMEOUT),
        (request(ns.GET, timeout="PT0S"), faults.INVALID_TIMEOUT),
        (request(ns.GET, max_size="100"), faults.ENVELOPE_TOO_SMALL),
        (request(ns.GET, max_size="many"), faults.SCHEMA_VALIDATION),
        (
            request(ns.GET, extra='<q:Odd xmlns:q="urn:q" s:mustUnderstand="true"/>'),
            faults.MUST_UNDERSTAND,
        ),
    ],
)
def test_what_cannot_be_routed_is_a_fault_with_its_number(data: bytes, number: int) -> None:
    assert refused(data).number == number


def test_an_unknown_header_that_may_be_ignored_is_ignored() -> None:
    assert parsed(request(ns.GET, extra='<q:Odd xmlns:q="urn:q" s:mustUnderstand="false"/>')).action == ns.GET


def test_the_message_id_is_found_in_what_is_refused() -> None:
    assert message_id_of(request(ns.GET, timeout="soon")) == MESSAGE_ID
    assert message_id_of(b"<a") == ""


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_a_fault(data: bytes) -> None:
    refused(data)


@given(st.data())
def test_a_damaged_envelope_is_a_request_or_a_fault(data: st.DataObject) -> None:
    whole = request(
        ns.COMMAND, "<rsp:CommandLine><rsp:Command>x</rsp:Command></rsp:CommandLine>", shell_id="A"
    )
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    with contextlib.suppress(Fault):  # and nothing else
        parse_request(whole[:start] + data.draw(st.binary(max_size=20)) + whole[end:])


@given(st.text(max_size=80), st.text(max_size=20), st.text(alphabet=string.printable, max_size=20))
def test_a_fault_envelope_is_xml_whatever_the_message_holds(message: str, machine: str, related: str) -> None:
    fault = Fault("w:InternalError", 7, message)
    envelope = responses.fault_envelope(fault, responses.printable(related), responses.printable(machine))
    assert fault_number(envelope) == 7


def test_received_output_keeps_its_order_and_ends_each_stream() -> None:
    body = responses.received(
        "C", [("stdout", "YQ=="), ("stderr", "Yg=="), ("stdout", "Yw==")], ["stdout"], 4294967295
    )
    root = ElementTree.fromstring(responses.envelope("x", "y", body))
    streams = root.findall(f".//{{{ns.SHELL}}}Stream")
    assert [(s.get("Name"), s.text, s.get("End")) for s in streams] == [
        ("stdout", "YQ==", None),
        ("stderr", "Yg==", None),
        ("stdout", "Yw==", None),
        ("stdout", None, "true"),
    ]
    state = root.find(f".//{{{ns.SHELL}}}CommandState")
    assert state is not None
    assert state.get("State") == ns.STATE_DONE
    assert state[0].text == "4294967295"
