"""Whose an open port is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from harness.checks.ports import is_loopback
from harness.lifecycle.inspection import Inspection
from harness.model.profile import AgentProfile
from harness.probe.answers.processes import Process, Socket
from harness.residue.snapshot import listener_name

ROOT = Path(__file__).parents[3]
PROFILE = AgentProfile.model_validate(yaml.safe_load((ROOT / "agents" / "reference.yaml").read_text()))


def process(pid: int, path: str | None) -> Process:
    return Process(
        pid=pid, ppid=0, name="", path=path, command_line=None, started=None, session=None, threads=1
    )


def socket(protocol: str = "tcp", *, pid: int | None, state: str | None = "listen", port: int = 80) -> Socket:
    return Socket(
        protocol=protocol,
        local_address="0.0.0.0",
        local_port=port,
        remote_address=None,
        remote_port=None,
        state=state,
        pid=pid,
    )


def inspection(*sockets: Socket) -> Inspection:
    return Inspection(
        services={},
        entries=(),
        files={},
        processes=(
            process(1, "c:\\PROGRAM FILES\\BVT\\ReferenceAgent\\refagent.exe"),
            process(2, "C:\\ProgramData\\BVT\\ReferenceAgent\\updater.exe"),
            process(3, "C:\\Program Files\\BVT\\ReferenceAgentTwo\\other.exe"),
            process(4, None),
        ),
        sockets=sockets,
        crashes=(),
        now=datetime.now(UTC),
        data_bytes=0,
    )


def test_what_runs_from_one_of_the_agents_folders_is_the_agents() -> None:
    assert inspection().agent_pids(PROFILE) == {1, 2}


def test_a_listener_is_the_agents_by_its_owner() -> None:
    own, other = socket(pid=1), socket(pid=3, port=81)
    assert inspection(own, other).agent_listeners(PROFILE, frozenset()) == (own,)


def test_a_listener_of_unknown_owner_is_the_agents_if_it_is_new() -> None:
    new, old = socket(pid=None), socket(pid=None, port=81)
    assert inspection(new, old).agent_listeners(PROFILE, frozenset({listener_name(old)})) == (new,)


def test_udp_takes_packets_without_listening_and_a_connection_takes_none() -> None:
    udp, talking = socket("udp6", pid=1, state=None), socket(pid=1, state="established")
    assert inspection(udp, talking).agent_listeners(PROFILE, frozenset()) == (udp,)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::1%1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("fe80::1%5", False),
    ],
)
def test_loopback_is_known_in_every_way_of_writing_it(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_who_asks_others_by_udp_is_no_listener() -> None:
    """Names, times and QUIC are asked for from a port that the system draws; a service of UDP has one of its own."""
    asks, serves = socket("udp", pid=1, state=None, port=50123), socket("udp", pid=1, state=None, port=514)
    assert inspection(asks, serves).agent_listeners(PROFILE, frozenset()) == (serves,)
