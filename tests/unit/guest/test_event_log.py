"""Events as `wevtutil qe /f:xml` prints them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.guest.event_log import read_events
from harness.model.errors import GuestFault

# The shape is that of "Event Schema"; not recorded from a real Windows.
CRASHED = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name='Service Control Manager' EventSourceName='Service Control Manager'/>"
    "<EventID Qualifiers='49152'>7034</EventID><Level>2</Level></System>"
    "<EventData><Data Name='param1'>BVT Reference Agent</Data><Data Name='param2'>1</Data></EventData></Event>"
)
OTHER = CRASHED.replace("BVT Reference Agent", "Windows Update")


def test_an_event_about_the_agent_is_told_from_others() -> None:
    mine, other = read_events("System", CRASHED + "\r\n" + OTHER)
    assert mine.speaks_of(["bvt reference agent"])
    assert not other.speaks_of(["bvt reference agent"])
    assert str(mine) == "System: Service Control Manager 7034: BVT Reference Agent 1"


def test_an_empty_log_has_no_events() -> None:
    assert read_events("System", "") == []


@pytest.mark.parametrize("text", ["<Event", "Failed to read events.<x/>", "<Event/>", "<!DOCTYPE x>"])
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(GuestFault):
        read_events("System", text)


@given(st.text())
def test_garbage_is_refused_or_read_and_nothing_else(text: str) -> None:
    with contextlib.suppress(GuestFault):
        read_events("System", text)


@pytest.mark.parametrize(
    "said", ["\x01", "\x1b[0m", "&#x0;", "&#1;", "&#xFFFF;", "&#xD800;", "&#99999999999;", "\ufffe"]
)
def test_a_character_that_xml_cannot_carry_costs_no_event(said: str) -> None:
    (event,) = read_events("System", CRASHED.replace("BVT Reference", f"BVT {said} Reference"))
    assert event.speaks_of(["service control manager"])
    assert event.number == 7034
    assert "\ufffd" in event.text


def test_what_xml_can_carry_is_kept() -> None:
    (event,) = read_events("System", CRASHED.replace("BVT", "&#66;&#x56;T &amp; Zoë 日本 🙂"))
    assert "BVT & Zoë 日本 🙂 Reference" in event.text
