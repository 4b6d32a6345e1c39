"""The installed system is started until it rests. Its agent and its domain are played; no Windows runs here."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import libvirt
import libvirt_qemu
import pytest

from harness.images import resting
from harness.images.resting import MOST_STARTS, PENDING_SCRIPT, QUIET_S, let_rest, rest_of_windows
from harness.images.running import Running
from harness.machines.libvirt.clone.settle import LOOK_EVERY_S, POWERSHELL
from harness.machines.libvirt.host.events import DomainHistory
from harness.machines.libvirt.host.host import Host
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from tests.unit.libvirt.test_lab_windows_guest import Agent

Event = Callable[[DomainHistory], None]


class Played:
    """Starts of a system, and what happens in each: at once, and when it is told to shut down."""

    def __init__(
        self,
        *pending: str,
        at_start: Event | None = None,
        at_shutdown: Event | None = None,
        resting: Event | None = None,
    ) -> None:
        self.pending = list(pending)
        self.at_start = at_start or (lambda history: history.note(agent_connected=True))
        self.at_shutdown = at_shutdown or (lambda history: history.note(ended="shutdown"))
        self.resting = resting or (lambda _history: None)
        self.starts = self.asked = self.running = 0
        self.said: list[str] = []
        self.history = DomainHistory()

    def shutdownFlags(self, flags: int) -> None:  # noqa: N802
        """As `libvirt.virDomain` has it; the event comes from another thread."""
        assert flags == libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT
        threading.Thread(target=self.at_shutdown, args=(self.history,)).start()

    @contextmanager
    def start(self) -> Iterator[Running]:
        assert not self.running, "one at a time"
        self.starts, self.running, self.history = self.starts + 1, 1, DomainHistory()
        threading.Thread(target=self.at_start, args=(self.history,)).start()
        host, domain = cast(Host, None), cast(libvirt.virDomain, self)
        try:
            yield Running(host, "bvt-build", domain, self.history, Path("serial"), kvm=False)
        finally:
            self.running = 0

    def rest(self, domain: libvirt.virDomain, deadline: Deadline) -> str:
        assert domain is cast(libvirt.virDomain, self)
        assert self.history.agent_connected, "nobody is asked before the agent is there"
        self.asked += 1
        self.resting(self.history)
        return self.pending.pop(0) if self.pending else ""

    def let_rest(self, seconds: float = 60) -> dict[str, str]:
        return let_rest(self.start, self.rest, Deadline.after(seconds), self.said.append).facts


def test_a_system_that_rests_is_started_once() -> None:
    played = Played()
    assert played.let_rest() == {"rested_after_starts": "1", "restart_pending": ""}
    assert played.starts == 1
    assert not played.running


def test_what_waits_for_a_restart_gets_it() -> None:
    played = Played("servicing.renames")
    assert played.let_rest()["rested_after_starts"] == "2"
    assert any("a restart was pending (servicing.renames)" in line for line in played.said)


def test_a_restart_that_is_pending_for_ever_is_said_and_ends() -> None:
    played = Played(*["renames"] * 9)
    assert played.let_rest() == {"rested_after_starts": str(MOST_STARTS), "restart_pending": "renames"}
    assert "still pending after 3 starts (renames)" in played.said[-1]


def test_a_system_that_restarts_by_itself_is_waited_for_again() -> None:
    """Windows does so in the middle of its settling: the program that was asked is gone with its agent."""

    def restarts(history: DomainHistory) -> None:
        if played.asked > 1:
            return
        history.note(agent_connected=False)
        history.note_reboot()
        threading.Timer(0.2, lambda: history.note(agent_connected=True)).start()
        raise libvirt.libvirtError("Guest agent is not responding")

    played = Played(resting=restarts)
    played.let_rest()
    assert (played.starts, played.asked) == (1, 2)


@pytest.mark.parametrize("ends", [False, True])
def test_the_event_of_a_restart_may_come_after_the_agent_is_gone(ends: bool) -> None:
    def heard_late(history: DomainHistory) -> None:
        if ends:
            history.note(ended="failed")
        else:
            history.note_reboot()
            history.note(agent_connected=True)

    def restarts(history: DomainHistory) -> None:
        if played.asked == 1:
            history.note(agent_connected=False)
            threading.Timer(0.2, heard_late, [history]).start()
            raise libvirt.libvirtError("Guest agent disappeared while executing command")

    played = Played(resting=restarts)
    if ends:
        with pytest.raises(InfrastructureError, match=r"ended by itself .*\(failed\)"):
            played.let_rest()
    else:
        played.let_rest()
    assert (played.starts, played.asked) == (1, 1 if ends else 2)


@pytest.mark.parametrize("error", [libvirt.libvirtError("no agent"), InfrastructureError("no agent")])
def test_an_agent_that_is_gone_for_no_reason_is_an_error(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting, "EVENT_S", 0.05)

    def fails(_history: DomainHistory) -> None:
        raise error

    played = Played(resting=fails)
    with pytest.raises(type(error), match="no agent"):
        played.let_rest()
    assert (played.starts, played.asked) == (1, 1)


def test_an_agent_that_fails_without_a_restart_is_no_rest() -> None:
    def fails(_history: DomainHistory) -> None:
        raise InfrastructureError("The template's guest did not settle: no such service")

    played = Played(resting=fails)
    with pytest.raises(InfrastructureError, match="no such service"):
        played.let_rest()
    assert not played.running


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ({"panicked": True}, "crashed|panic"),
        ({"ended": "failed"}, r"ended.*\(failed\)"),
        ({"io_error": "enospc", "ended": "failed"}, "disk failed.*enospc"),
    ],
)
@pytest.mark.parametrize("when", ["at_start", "resting", "at_shutdown"])
def test_a_system_that_does_not_come_through_makes_no_image(
    when: str, events: dict[str, object], said: str
) -> None:
    def happens(history: DomainHistory) -> None:
        history.note(**events)
        if when == "resting":
            raise libvirt.libvirtError("domain is not running")

    with pytest.raises(InfrastructureError, match=said):
        Played(**{when: happens}).let_rest()


@pytest.mark.parametrize("when", ["at_start", "at_shutdown"])
def test_a_system_that_never_comes_to_it_is_ended_at_the_deadline(when: str) -> None:
    played = Played(**{when: lambda _history: None})
    with pytest.raises(DeadlineExceeded):
        played.let_rest(0.3)
    assert not played.running


def test_windows_is_asked_for_a_quiet_minute_and_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent(output="servicing.renames\r\n")
    monkeypatch.setattr(libvirt_qemu, "qemuAgentCommand", agent)
    domain = cast(libvirt.virDomain, Played())
    assert rest_of_windows(domain, Deadline.after(5)) == "servicing.renames"
    run = [arguments for command, arguments in agent.asked if command == "guest-exec"]
    assert [each["path"] for each in run] == [POWERSHELL] * 2
    assert f"$quiet -lt {QUIET_S / LOOK_EVERY_S:.0f}" in run[0]["arg"][-1]
    assert "ROUNDS" not in run[0]["arg"][-1]
    assert run[1]["arg"][-1] == PENDING_SCRIPT


def test_windows_that_does_not_say_what_waits_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first program, which settles, ends well."""
    agent = Agent(exit_codes=(0, 1), errors="Access is denied.")
    monkeypatch.setattr(libvirt_qemu, "qemuAgentCommand", agent)
    with pytest.raises(InfrastructureError, match=r"what waits for a restart: Access is denied"):
        rest_of_windows(cast(libvirt.virDomain, Played()), Deadline.after(5))
