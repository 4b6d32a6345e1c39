"""Every answer of a real Windows that pypsrp recorded is read by the client."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml
from defusedxml import ElementTree

from harness.guest.winrm import envelopes

ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


def answers(sources: Path) -> Iterator[tuple[str, str]]:
    """The action and text of each."""
    for file in sorted((sources / "tests" / "tests_pypsrp" / "responses").glob("test_*.yml")):
        for message in yaml.safe_load(file.read_text(encoding="utf-8"))["messages"]:
            text = message.get("response") or ""
            if text.startswith("<s:Envelope"):
                action = ElementTree.fromstring(text).findtext(f".//{{{ADDRESSING}}}Action", "")
                yield action.rpartition("/")[2], text


def test_all_of_them_are_read(pypsrp_sources: Path) -> None:
    read = Counter[str]()
    for action, text in answers(pypsrp_sources):
        match action:
            case "CreateResponse":
                assert envelopes.read_shell_id(text.encode())
            case "CommandResponse":
                assert envelopes.read_command_id(text.encode())
            case "ReceiveResponse":
                output = envelopes.read_output(text.encode())
                ended = ElementTree.fromstring(text).find(f".//{{{envelopes.RSP}}}ExitCode")
                assert (output.exit_code is None) == (ended is None)
            case _:
                continue
        read[action] += 1
    assert read["CreateResponse"] >= 70
    assert read["CommandResponse"] >= 60
    assert read["ReceiveResponse"] >= 200
