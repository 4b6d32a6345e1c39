"""The system's own programs, and the environment, before and after."""

from typing import Any, cast

import pytest

from harness.guest.guest import Guest
from harness.model.errors import GuestFault
from harness.probe.answers.system import Environment
from harness.residue import surroundings as module
from harness.residue.surroundings import Surroundings

REG, SC = "C:\\Windows\\System32\\reg.exe", "C:\\Windows\\System32\\sc.exe"


def at(programs: dict[str, str | None], **machine: str) -> Surroundings:
    return Surroundings(Environment(process={}, machine=machine, user={}), programs)


BEFORE = at({REG: "a", SC: "b"}, PATH="C:\\Windows")


def test_programs_that_are_gone_or_others_are_named() -> None:
    assert BEFORE.tampered(at({SC: "c"})) == [f"{REG} is gone", f"{SC} was replaced"]
    assert BEFORE.tampered(at({REG: "a", SC: "b", "C:\\new.exe": "d"})) == []


def test_variables_are_compared_for_the_machine_and_for_the_user() -> None:
    now = Surroundings(Environment(process={}, machine={"PATH": ""}, user={"ACME": "1"}), {})
    assert BEFORE.harmed(now) == ["PATH lost C:\\Windows; it is ''"]
    assert BEFORE.left_over(now) == {"ACME"}


def test_untouched_programs_are_an_answer_and_others_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = [BEFORE, at({SC: "b"})]
    monkeypatch.setattr(module, "look_around", lambda _: seen.pop(0))
    assert BEFORE.untouched(cast("Guest", None)) == ""
    with pytest.raises(GuestFault, match=r"reg\.exe is gone"):
        BEFORE.untouched(cast("Guest", None))
