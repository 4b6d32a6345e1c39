"""Whether an address can be reached, asked of the probe on a real Wine."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from harness.probe.answers.system import Reach
from tests.integration.probe.conftest import Probe

pytestmark = pytest.mark.wine

REFUSED, RESET = 10061, 10054
NO_SUCH_HOST = (11001, 11002)  # the latter where no name server answers


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def port_of(listening: socket.socket) -> str:
    return str(listening.getsockname()[1])


def test_a_server_that_waits_for_its_client_is_reached(probe: Probe, listener: socket.socket) -> None:
    reach = probe.ask(Reach, "reach", "127.0.0.1", port_of(listener))
    assert (reach.reached, reach.code) == (True, 0)


def test_a_server_that_speaks_first_is_reached_by_name(probe: Probe, listener: socket.socket) -> None:
    def greet() -> None:
        caller, _ = listener.accept()
        with caller:
            caller.sendall(b"220 ready")
            with suppress(ConnectionResetError):  # it may leave without a word
                caller.recv(1)

    threading.Thread(target=greet, daemon=True).start()
    assert probe.ask(Reach, "reach", "localhost", port_of(listener), "--settle-ms", "20000").reached


def test_a_relay_that_leads_nowhere_is_not_taken_for_the_server(
    probe: Probe, listener: socket.socket
) -> None:
    def drop() -> None:
        listener.accept()[0].close()

    threading.Thread(target=drop, daemon=True).start()
    reach = probe.ask(Reach, "reach", "127.0.0.1", port_of(listener), "--settle-ms", "20000")
    assert (reach.reached, reach.code) == (False, RESET)
    assert reach.waited_ms < 20000


def test_a_closed_port_is_refused(probe: Probe) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        reach = probe.ask(Reach, "reach", "127.0.0.1", port_of(bound))
    assert (reach.reached, reach.code) == (False, REFUSED)


def test_a_name_that_is_nobodys_is_said_to_be_so(probe: Probe) -> None:
    reach = probe.ask(Reach, "reach", "nobody.invalid", "443")
    assert not reach.reached
    assert reach.code in NO_SUCH_HOST
