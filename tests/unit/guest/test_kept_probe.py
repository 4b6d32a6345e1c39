"""What goes to the probe that is kept, and what gets a process of its own."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from harness.guest.console import Console
from harness.guest.transcript import Transcript
from harness.guest.winrm.envelopes import Output
from harness.model.deadline import Deadline
from harness.model.machine import WinRMAccess

STORED = ["stimulate", "file_change", "--nonce", "n"]
HELD = ["stimulate", "process_start", "--nonce", "n"]


class Shell:
    """Answers every batch, and keeps how it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, _program: str, question: bytes, _deadline: Deadline) -> bytes:
        self.asked.append("kept")
        return answers_to(question)

    def run(self, _line: str, _deadline: Deadline, *, stdin: bytes, repeatable: bool) -> Output:
        self.asked.append("again" if repeatable else "once")
        return Output(stdout=answers_to(stdin), stderr=b"", done=True, exit_code=0)


def answers_to(question: bytes) -> bytes:
    return json.dumps({line: {} for line in question.decode().splitlines() if line}).encode()


@pytest.mark.parametrize(
    ("commands", "repeatable", "asked"),
    [
        ([["boot"], ["save-hives", "C:\\x"]], False, "kept"),
        ([STORED, ["clock"]], True, "kept"),
        ([STORED, ["clock"]], False, "once"),  # one that is lost is asked again, and would be given twice
        ([HELD], True, "again"),
        ([["boot"], ["environment"]], True, "again"),
    ],
)
def test_a_stimulus_goes_to_the_kept_probe_where_it_may_be_given_twice(
    tmp_path: Path, commands: Sequence[Sequence[str]], repeatable: bool, asked: str
) -> None:
    access = WinRMAccess(host="127.0.0.1", port=1, username="u", password=SecretStr("p"))
    console = Console(access, Transcript(tmp_path / "t.jsonl", cell="c", machine="m"), media_root="D:\\")
    console.shell = shell = Shell()  # type: ignore[assignment]
    assert console.batch(commands, Deadline.after(30), repeatable=repeatable) == [{}] * len(commands)
    assert shell.asked == [asked]
