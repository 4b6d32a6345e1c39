"""Whom a machine calls, by the first packet of each attempt: on a network of its own, and from any bytes."""

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.wine import calls, namespaces
from harness.machines.wine.calls import called_by, listening, note_calls, read_calls

CALLED = (("198.51.100.7", 443), ("127.0.0.1", 9), ("10.0.2.100", 8080), ("198.51.100.7", 443))
SAID = (
    ("198.51.100.7", 514),
    ("127.0.0.1", 53),
    ("239.255.255.250", 1900),
    ("255.255.255.255", 137),
    ("203.0.113.1", 53),
    ("203.0.113.2", 53),
    ("198.51.100.7", 514),
)
"""By UDP; the last host but one is whom the system asks for names."""
SEEN_S = 10.0


async def _call_all(noted: Path) -> None:
    heard = listening()
    assert heard is not None
    note_calls(heard, noted)
    for place in CALLED:
        with socket.socket() as caller:
            assert await asyncio.to_thread(caller.connect_ex, place) != 0
    for place in SAID:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller, contextlib.suppress(OSError):
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            caller.sendto(b"x" * 200, place)
    for _ in range(int(SEEN_S / 0.05)):
        if len(read_calls(noted)) > 3:
            break
        await asyncio.sleep(0.05)


def _in_a_network_of_its_own(noted: Path) -> int:
    child = os.fork()
    if child == 0:
        try:
            namespaces.unshare(namespaces.CLONE_NEWNET)
            namespaces.loopback_up("10.0.2.100")
            namespaces.answer_for_all()
            asyncio.run(_call_all(noted))
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - a child of pytest must never go on as pytest
            sys.stderr.write(f"{error!r}\n")
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own takes root")
def test_each_place_is_noted_once_and_the_machine_itself_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "resolv.conf"
    asked.write_text("# whom to ask\nnameserver 203.0.113.2\n")
    monkeypatch.setattr(calls, "RESOLVERS", asked)
    assert _in_a_network_of_its_own(tmp_path / "calls") == 0
    assert read_calls(tmp_path / "calls") == (
        "198.51.100.7:443",
        "10.0.2.100:8080",
        "198.51.100.7:514/udp",
        "203.0.113.1:53/udp",
    )


def test_nobody_called_is_nobody(tmp_path: Path) -> None:
    assert read_calls(tmp_path / "calls") == ()


def test_a_kernel_that_hands_out_no_such_socket_takes_the_witness_away_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object) -> socket.socket:
        raise PermissionError

    monkeypatch.setattr(calls, "_seeing", refused)
    assert listening() is None


@given(st.binary(max_size=80))
def test_any_bytes_are_a_place_or_none(packet: bytes) -> None:
    found = called_by(packet)
    assert found is None or 0 <= int(found.removesuffix("/udp").rpartition(":")[2]) < 65536
