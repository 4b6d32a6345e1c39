"""One WinRM connection: what goes wrong says who can do something about it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from winrm.exceptions import WSManFaultError

from harness.guest.winrm.link import Link, LinkDown, WsmanFault
from harness.model.machine import WinRMAccess


@pytest.fixture
def port() -> Iterator[int]:
    """A port that refuses: it is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def link(port: int, **changes: object) -> Link:
    facts: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "username": "bvt",
        "password": SecretStr("secret"),
        "auth": "basic",
    }
    return Link(WinRMAccess.model_validate(facts | changes))


def test_a_refused_connection_carried_nothing_to_the_guest(port: int) -> None:
    with pytest.raises(LinkDown, match=r"127\.0\.0\.1") as down:
        link(port).post("<x/>", 1.0)
    assert not down.value.sent
    assert down.value.retry


def test_a_machine_whose_ca_is_gone_is_gone(port: int, tmp_path: Path) -> None:
    with pytest.raises(LinkDown, match="is gone") as down:
        link(port, ca_pem=tmp_path / "gone.pem").post("<x/>", 1.0)
    assert not down.value.sent


def test_a_fault_keeps_its_code(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = link(port)

    def answer(_envelope: str) -> bytes:
        raise WSManFaultError(500, "Bad", "", "No  such shell.", wsman_fault_code=2150858843)

    monkeypatch.setattr(broken._protocol, "send_message", answer)
    with pytest.raises(WsmanFault, match="WinRM fault 2150858843: No such shell") as fault:
        broken.post("<x/>", 1.0)
    assert fault.value.code == 2150858843
