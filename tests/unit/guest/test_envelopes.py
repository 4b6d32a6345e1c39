import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from harness.guest.winrm import envelopes
from harness.model.errors import ConfigurationError, GuestFault

xml_text = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
)


def answer(body: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="{envelopes.RSP}"'
        f' xmlns:w="urn:w"><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def received(stdout: bytes, exit_code: str | None) -> bytes:
    state = (
        f'<rsp:CommandState State="{envelopes.DONE}"><rsp:ExitCode>{exit_code}</rsp:ExitCode></rsp:CommandState>'
        if exit_code is not None
        else '<rsp:CommandState State="Running"/>'
    )
    stream = f'<rsp:Stream Name="stdout">{base64.b64encode(stdout).decode()}</rsp:Stream>'
    return answer(f"<rsp:ReceiveResponse>{stream}{state}</rsp:ReceiveResponse>")


@given(xml_text)
def test_a_command_arrives_as_it_was_given(line: str) -> None:
    root = etree.fromstring(envelopes.command("id", line, 1.0).encode())
    assert (root.findtext(f".//{{{envelopes.RSP}}}Command") or "") == line


@given(st.dictionaries(st.text("abcXYZ_() 19ä<>&\"'", min_size=1), xml_text))
def test_a_shells_variables_arrive_as_they_were_given(environment: dict[str, str]) -> None:
    root = etree.fromstring(envelopes.create(1.0, environment=environment).encode())
    found = {each.get("Name"): each.text or "" for each in root.iter(f"{{{envelopes.RSP}}}Variable")}
    assert found == environment


def test_line_breaks_survive_xml() -> None:
    root = etree.fromstring(envelopes.command("id", "a\r\nb", 1.0).encode())
    assert root.findtext(f".//{{{envelopes.RSP}}}Command") == "a\r\nb"


@pytest.mark.parametrize("line", ["a\0b", "\x1b[0m", "\ud800"])
def test_what_xml_cannot_carry_is_refused_before_it_is_sent(line: str) -> None:
    with pytest.raises(ConfigurationError, match="XML cannot carry"):
        envelopes.command("id", line, 1.0)


@given(st.binary(), st.integers(-(2**31), 2**32 - 1))
def test_output_and_exit_code_are_read_unsigned(stdout: bytes, code: int) -> None:
    output = envelopes.read_output(received(stdout, str(code)))
    assert (output.stdout, output.done, output.exit_code) == (stdout, True, code & 0xFFFFFFFF)


def test_a_command_still_running_has_no_exit_code_yet() -> None:
    assert not envelopes.read_output(received(b"x", None)).done


def test_ids_are_found() -> None:
    created = answer('<w:SelectorSet><w:Selector Name="ShellId">S1</w:Selector></w:SelectorSet>')
    assert envelopes.read_shell_id(created) == "S1"
    spaced = answer('<w:Selector Name="ShellId">\n  S1\n</w:Selector>')  # as OMI writes it
    assert envelopes.read_shell_id(spaced) == "S1"
    assert envelopes.read_command_id(answer("<rsp:CommandId>C1</rsp:CommandId>")) == "C1"


@given(
    st.binary() | st.text(alphabet="<>/&;rsp:ReceivResponStamNamExitCod=\"'x0").map(lambda text: answer(text))
)
def test_garbage_is_a_guest_fault(data: bytes) -> None:
    for read in (envelopes.read_output, envelopes.read_shell_id, envelopes.read_command_id):
        with pytest.raises(GuestFault):
            read(data)


def test_an_end_without_an_exit_code_is_an_end() -> None:
    """MS-WSMV 2.2.4.9: ExitCode is optional."""
    output = envelopes.read_output(received(b"", None).replace(b"Running", envelopes.DONE.encode()))
    assert (output.done, output.exit_code) == (True, None)


@pytest.mark.parametrize("body", [received(b"", "x"), received(b"", "1" * 40)])
def test_an_exit_code_that_is_no_number_is_a_guest_fault(body: bytes) -> None:
    with pytest.raises(GuestFault, match="exit code"):
        envelopes.read_output(body)


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with pytest.raises(GuestFault):
        envelopes.read_command_id(bomb)
