"""What real Windows was recorded to print (tests/recorded/windows_said.yaml), read by the guest layer."""

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
import yaml

from harness.guest.access_control import FILE_WRITES, KEY_WRITES, SERVICE_WRITES, read_sddl
from harness.guest.event_log import NAMESPACE, ErrorEvent, read_events
from harness.guest.services import NO_SUCH_SERVICE, parse_query

SAID: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "recorded" / "windows_said.yaml").read_text("utf-8")
)
WRITES = {"file": FILE_WRITES, "key": KEY_WRITES, "service": SERVICE_WRITES}


def named(recorded: dict[str, Any]) -> str:
    return str(recorded["source"])


def printed_by_sc(recorded: dict[str, Any]) -> str:
    """Labels in a column of 19, a blank line first, what the service accepts on a line of its own."""
    fields = list(zip(recorded["labels"], recorded["values"], strict=True))
    lines = ["", f"{recorded['heading']}: Agent "]
    for number, (label, value) in enumerate(fields):
        lines.append(f"        {label:<19}: {value} ")
        if number == 1:
            lines.append(f"                                {recorded['accepts']}")
    return "\r\n".join(lines) + "\r\n"


def event_xml(recorded: dict[str, Any], quote: str) -> str:
    def attributes(values: dict[str, str]) -> str:
        return "".join(f" {name}={quoteattr(value)}" for name, value in values.items())

    number = dict(recorded["id"])
    identity = f"<EventID{attributes({k: v for k, v in number.items() if k != 'number'})}>{number['number']}</EventID>"
    if "user_data" in recorded:
        user = recorded["user_data"]
        child = f"<{user['child']}{attributes(dict([user['attribute']]))}></{user['child']}>"
        body = f"<UserData><{user['element']}>{child}</{user['element']}></UserData>"
    else:
        data = "".join(
            f"<Data{attributes({'Name': name} if name else {})}>{escape(text)}</Data>"
            for name, text in recorded["data"]
        )
        body = f"<EventData>{data}</EventData>"
    system = f"<Provider{attributes(recorded['provider'])}/>{identity}<Level>{recorded['level']}</Level>"
    space = NAMESPACE.strip("{}")
    text = f'<Event xmlns="{space}"><System>{system}</System>{body}</Event>'
    return text.replace('"', quote) if quote == "'" else text


@pytest.mark.parametrize("recorded", SAID["services"], ids=named)
def test_a_service_is_read_in_the_language_of_the_system(recorded: dict[str, Any]) -> None:
    facts = parse_query("Agent", printed_by_sc(recorded))
    seen = {name: int(getattr(facts, name)) for name in recorded["read"]}
    assert seen == recorded["read"]


@pytest.mark.parametrize("recorded", SAID["absent_service"], ids=named)
def test_the_number_alone_says_that_there_is_no_such_service(recorded: dict[str, Any]) -> None:
    assert recorded["code"] == NO_SUCH_SERVICE


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("recorded", SAID["events"], ids=named)
def test_an_event_is_read_whatever_its_data_look_like(recorded: dict[str, Any], quote: str) -> None:
    assert read_events("System", event_xml(recorded, quote)) == [ErrorEvent("System", **recorded["read"])]


def test_events_stand_one_after_another_without_a_root() -> None:
    """As in elastic/beats winlogbeat/sys/wineventlog/testdata/original.xml: events, a line each."""
    text = "\n".join(event_xml(recorded, "'") for recorded in SAID["events"]) + "\n"
    assert [event.number for event in read_events("System", text)] == [1000, 1001, 7031, 80, 1117]


@pytest.mark.parametrize("recorded", SAID["descriptors"], ids=named)
def test_a_descriptor_says_who_may_change_the_thing(recorded: dict[str, Any]) -> None:
    found = read_sddl(recorded["sddl"])
    assert found.writable_by(WRITES[recorded["kind"]]) == recorded["writable"]
    assert (found.trusted_owner, found.protected) == (recorded["trusted_owner"], recorded["protected"])
