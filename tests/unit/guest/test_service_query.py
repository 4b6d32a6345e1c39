import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.guest.facts import ServiceState
from harness.guest.files import host_name
from harness.guest.services import parse_query
from harness.model.errors import GuestFault

ENGLISH = """
SERVICE_NAME: Agent 4
        TYPE               : 10  WIN32_OWN_PROCESS
        STATE              : 4  RUNNING
                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
        SERVICE_EXIT_CODE  : 7  (0x7)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0
"""


def test_states_are_read_as_numbers() -> None:
    facts = parse_query("Agent 4", ENGLISH)
    assert (facts.type, facts.state, facts.service_exit_code) == (0x10, ServiceState.RUNNING, 7)


def test_no_language_changes_the_answer() -> None:
    other = ENGLISH.replace("TYPE", "TYP").replace("STATE", "STATUS").replace("RUNNING", "WIRD AUSGEFÜHRT")
    assert parse_query("Agent 4", other) == parse_query("Agent 4", ENGLISH)


@given(st.text())
def test_garbage_is_a_guest_fault(text: str) -> None:
    with pytest.raises(GuestFault, match="something unexpected"):
        parse_query("x", text.replace(":", ""))


@given(st.text())
def test_a_name_on_the_host_cannot_leave_its_directory(path: str) -> None:
    name = host_name(path)
    assert name not in ("", ".", "..")
    assert not set("/\\:\0\n") & set(name)
