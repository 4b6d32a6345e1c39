"""WinRM's answers as real Windows gave them (tests/recorded/winrm_answers.yaml), read by the client and its shell."""

import base64
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import yaml

from harness.guest.winrm import envelopes, fault_codes

RECORDED = Path(__file__).parents[2] / "recorded"
CONVERSATIONS: list[dict[str, Any]] = yaml.safe_load((RECORDED / "winrm_answers.yaml").read_text("utf-8"))
QUOTAS = yaml.safe_load((RECORDED / "windows_said.yaml").read_text("utf-8"))["quotas"]
ANSWERS = [
    pytest.param(answer, id=f"{conversation['source']}-{number}")
    for conversation in CONVERSATIONS
    for number, answer in enumerate(conversation["answers"])
]
RECEIVES = [param for param in ANSWERS if "Receive" in str(param.values)]
FAULTS = [answer for talk in CONVERSATIONS for answer in talk["answers"] if answer["kind"] == "Fault"]
COMMAND = "CF84C20A-0000-4000-8000-000000000001"


def receive_response(answer: dict[str, Any]) -> bytes:
    """The envelope in the layout of Windows: one element for each piece, empty ones for the ends."""
    parts = []
    for name, data in answer["streams"]:
        ended = data == "end"
        text = "" if ended else base64.b64encode(data.encode()).decode()
        mark = ' End="true"' if ended else ""
        parts.append(f'<rsp:Stream Name="{name}" CommandId="{COMMAND}"{mark}>{text}</rsp:Stream>')
    shell = envelopes.RSP
    code = f"<rsp:ExitCode>{answer['exit_code']}</rsp:ExitCode>" if "exit_code" in answer else ""
    state = f'<rsp:CommandState CommandId="{COMMAND}" State="{shell}/CommandState/{answer["state"]}">{code}'
    return (
        '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        f' xmlns:rsp="{shell}"><s:Header><a:Action>{escape(shell)}/ReceiveResponse</a:Action></s:Header>'
        f"<s:Body><rsp:ReceiveResponse>{''.join(parts)}{state}</rsp:CommandState></rsp:ReceiveResponse></s:Body></s:Envelope>"
    ).encode()


@pytest.mark.parametrize("answer", RECEIVES)
def test_output_and_exit_code_are_what_windows_meant(answer: dict[str, Any]) -> None:
    output = envelopes.read_output(receive_response(answer))
    for name, seen in (("stdout", output.stdout), ("stderr", output.stderr)):
        pieces = [data for stream, data in answer["streams"] if stream == name and data != "end"]
        assert seen.decode() == "".join(pieces)
    assert output.done == (answer["state"] == "Done")
    assert output.exit_code == answer.get("exit_code")


def test_the_faults_that_windows_was_heard_to_give_are_told_apart() -> None:
    """None of them is taken for a spent quota; that of a shell which is gone is known as one."""
    codes = {fault["code"] for fault in FAULTS}
    assert codes == {2150858793, 2150858843, 87, 2147942402}
    assert codes & fault_codes.QUOTA == set()
    assert codes & fault_codes.SHELL_GONE == {2150858843}


@pytest.mark.parametrize("quota", QUOTAS, ids=lambda quota: f"{quota['code']}-{quota['limit']}")
def test_a_spent_quota_is_known_as_one(quota: dict[str, Any]) -> None:
    assert quota["code"] in fault_codes.QUOTA
