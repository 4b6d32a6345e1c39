"""Who is blamed for a guest that answers nobody, where its machine can watch whether it hangs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cell import blame as module
from harness.cell.blame import Inquiry
from harness.model.deadline import Deadline
from harness.model.errors import CandidateError, GuestUnreachable, HarnessError, MachineLost
from harness.model.machine import Fault, MachineCondition, MachineState
from harness.model.substrate import Substrate
from tests.unit.cell.stand_ins import StandInMachine, a_lab

SILENT = MachineCondition(state=MachineState.RUNNING, guest_alive=False)
ALIVE = MachineCondition(state=MachineState.RUNNING, guest_alive=True)
SPINS = "its processor did not rest for 12 s, and nothing in it answered"


@dataclass
class WatchedMachine(StandInMachine):
    """Its guest is silent; `found` is what watching it comes to, `afterwards` what is seen of it then."""

    found: str = SPINS
    afterwards: MachineCondition = SILENT
    seen: MachineCondition = SILENT
    watched: int = 0

    def condition(self) -> MachineCondition:
        return self.seen

    def hang(self) -> str:
        self.watched += 1
        self.seen = self.afterwards
        return self.found


def blamed(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: WatchedMachine,
    *,
    touched: bool = True,
    answers: Callable[[object, Deadline], bool] = lambda *_: False,
) -> HarnessError:
    """The error that a silent guest on `machine` comes to. `answers`: whether its endpoint answers in time."""
    lab = a_lab(place, monkeypatch)
    monkeypatch.setattr(lab, "create", lambda *_: machine)
    monkeypatch.setattr(Inquiry, "_ready_within", lambda *_: False)
    monkeypatch.setattr(module, "endpoint_answers", answers)
    _ = lab.session.guest
    lab.session.candidate_touched = touched
    error = lab.session.attribute(GuestUnreachable("no answer"))
    assert isinstance(error, HarnessError)
    assert lab.session.lost is error
    return error


def test_a_guest_that_hangs_is_the_candidates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = blamed(tmp_path, monkeypatch, WatchedMachine("m"))
    assert isinstance(error, CandidateError)
    assert SPINS in str(error)


def test_one_that_answers_over_winrm_at_last_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = WatchedMachine("m")
    error = blamed(tmp_path, monkeypatch, machine, answers=lambda *_: machine.watched > 0)
    assert isinstance(error, MachineLost)


@pytest.mark.parametrize(
    ("found", "afterwards", "kind", "words"),
    [
        (
            "",
            MachineCondition(state=MachineState.CRASHED, fault=Fault.GUEST, reason="kernel panic"),
            CandidateError,
            "The guest crashed after the candidate was installed (kernel panic)",
        ),
        (
            SPINS,
            MachineCondition(state=MachineState.GONE, fault=Fault.HOST, reason="its QEMU process died"),
            MachineLost,
            "The lab lost the machine (its QEMU process died)",
        ),
        ("", ALIVE, MachineLost, "nothing tells why"),
    ],
)
def test_what_is_seen_after_the_watch_counts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: str,
    afterwards: MachineCondition,
    kind: type[HarnessError],
    words: str,
) -> None:
    """A driver that spins ends in a crash by Windows' own watchdog, minutes later."""
    error = blamed(tmp_path, monkeypatch, WatchedMachine("m", found=found, afterwards=afterwards))
    assert isinstance(error, kind)
    assert words in str(error)


def test_nobody_watches_before_the_candidate_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = WatchedMachine("m")
    assert isinstance(blamed(tmp_path, monkeypatch, machine, touched=False), MachineLost)
    assert machine.watched == 0


@pytest.mark.parametrize(
    ("substrate", "kind", "words"),
    [
        (Substrate.TCG, MachineLost, "commands in it do not end in time"),
        (Substrate.KVM, CandidateError, "the candidate cut the host off"),
    ],
)
def test_an_emulated_guest_has_longer_for_its_first_word(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    substrate: Substrate,
    kind: type[HarnessError],
    words: str,
) -> None:
    """Its guest agent lives, and its WinRM endpoint answers after twice the time that a real processor has for it."""
    machine = WatchedMachine("m", seen=ALIVE, substrate=substrate)

    def answers(_: object, deadline: Deadline) -> bool:
        return deadline.length_s >= 2 * module.ANSWER_AGAIN_S

    error = blamed(tmp_path, monkeypatch, machine, answers=answers)
    assert isinstance(error, kind)
    assert words in str(error)
