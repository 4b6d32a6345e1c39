"""Hosts that cannot be used: the pool goes on with the others."""

import secrets
import socket
from pathlib import Path

import pytest

from harness.machines.libvirt.host import limit
from harness.machines.libvirt.host.daemon import PrivateDaemon
from harness.machines.libvirt.host.host import Host, HostSize, HostUnreachable
from harness.machines.libvirt.host.placement import Placement
from harness.model.errors import InfrastructureError, ToolMissing
from harness.model.matrix import HostLimits
from harness.state import StateDirectory


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path)


def placement(state: StateDirectory, *uris: str) -> Placement:
    limits = [HostLimits(uri=uri) for uri in uris]
    return Placement(
        limits, {uri: Host(uri, state) for uri in uris}, state, storage=state.root, disk_reserve_mb=0
    )


def refuse(error: Exception) -> object:
    def start(_uri: str, _state: StateDirectory) -> str:
        raise error

    return start


@pytest.mark.parametrize(
    "error",
    [
        InfrastructureError("The private libvirt daemon 'a' ended at once: it wrote no log"),
        ToolMissing("libvirtd", package="libvirt-daemon"),
        PermissionError(13, "Permission denied", "/run/bvt"),
    ],
)
def test_a_private_daemon_that_does_not_start_is_a_host_that_does_not_answer(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("harness.machines.libvirt.host.host.ensure_daemon", refuse(error))
    with pytest.raises(HostUnreachable, match="private:a cannot be used: "):
        Host("private:a", state).connection()


def test_a_daemon_that_hangs_is_a_host_that_does_not_answer(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket still takes connections."""
    monkeypatch.setattr(limit, "ANSWER_S", 0.3)
    path = f"/tmp/{secrets.token_hex(6)}"  # a socket's path holds 107 bytes
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(path)
        hanging.listen()
        with pytest.raises(
            HostUnreachable, match=r"an answer of its libvirt daemon did not happen within 0\.3 s"
        ):
            Host(f"qemu+unix:///system?socket={path}", state).connection()
    Path(path).unlink()


def test_a_broken_host_leaves_its_pool_the_others(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = InfrastructureError("libvirtd ended at once")
    monkeypatch.setattr("harness.machines.libvirt.host.host.ensure_daemon", refuse(broken))
    both = placement(state, "private:broken", "private:whole")
    whole = both._hosts["private:whole"]
    monkeypatch.setattr(whole, "connection", lambda: None)
    monkeypatch.setattr(whole, "size", lambda: HostSize(memory_mb=4096, cpus=2))
    assert both.any_host() is whole
    assert both.capacity(1024, 1) == 3


def test_a_program_that_all_hosts_lack_is_named_with_its_package(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = ToolMissing("libvirtd", package="libvirt-daemon")
    monkeypatch.setattr("harness.machines.libvirt.host.host.ensure_daemon", refuse(missing))
    with pytest.raises(ToolMissing, match="apt-get install libvirt-daemon"):
        placement(state, "private:a", "private:b").any_host()


def test_a_daemon_that_ends_at_once_is_not_waited_for(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = PrivateDaemon("a", state.part("daemons", "a"), state.part("0a"))
    command = ["sh", "-c", "echo the configuration is wrong; exit 1"]
    monkeypatch.setattr(PrivateDaemon, "_command", lambda _self: command)
    with pytest.raises(InfrastructureError, match="ended at once: the configuration is wrong"):
        daemon.ensure()
