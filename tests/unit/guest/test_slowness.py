"""Where a processor is emulated, whatever is asked of the guest has longer: a slow answer is no hanging agent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.guest.winrm.envelopes import Output
from harness.guest.winrm.shell import RemoteShell
from harness.model.deadline import Deadline
from harness.model.machine import WinRMAccess
from harness.model.substrate import Substrate, slowness

SLOWER = slowness(Substrate.TCG)
ACCESS = WinRMAccess(host="127.0.0.1", port=5985, username="u", password=SecretStr("p"))

ASKED: dict[str, Callable[[Guest], object]] = {
    "a command": lambda guest: guest.run("agent --status"),
    "a command with a time of its own": lambda guest: guest.run("agent --collect", timeout_s=120),
    "a question to the kept probe": lambda guest: guest.boot(),
    "questions in one round trip": lambda guest: guest.batch(["file", "C:\\a"], ["write", "C:\\b"]),
    "a question to a probe of its own": lambda guest: guest.version(),
    "a service": lambda guest: guest.services.query_by_sc("Agent"),
    "a key": lambda guest: guest.registry.export("HKLM\\Software\\Agent"),
    "a file": lambda guest: guest.read_file("C:\\a", limit_bytes=1),
}


class SentNothing(Exception):
    """What the stand-in shell raises instead of sending anything."""


def lengths(
    monkeypatch: pytest.MonkeyPatch, place: Path, factor: float, ask: Callable[[Guest], object]
) -> float:
    """Seconds that the shell was given."""
    given: list[float] = []

    def run(_: RemoteShell, __: str, deadline: Deadline, **___: Any) -> Output:
        given.append(deadline.length_s)
        raise SentNothing

    def asked(_: RemoteShell, __: str, ___: bytes, deadline: Deadline) -> bytes:
        given.append(deadline.length_s)
        raise SentNothing

    monkeypatch.setattr(RemoteShell, "run", run)
    monkeypatch.setattr(RemoteShell, "ask", asked)
    with Transcript(place / "t.jsonl", cell="c", machine="m") as transcript:
        guest = Guest(ACCESS, transcript, media_root="D:\\", slowness=factor)
        with pytest.raises(SentNothing):
            ask(guest)
    (length_s,) = given
    return length_s


@pytest.mark.parametrize("what", ASKED)
def test_every_time_is_stretched(what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = lengths(monkeypatch, tmp_path, 1.0, ASKED[what])
    assert lengths(monkeypatch, tmp_path, SLOWER, ASKED[what]) == pytest.approx(SLOWER * real)


def test_only_emulated_processors_are_slow() -> None:
    assert {each: slowness(each) for each in Substrate if slowness(each) != 1.0} == {Substrate.TCG: SLOWER}
    assert SLOWER > 1.0
