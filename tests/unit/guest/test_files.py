"""Evidence brought to the host."""

from pathlib import Path
from typing import Any, cast

import pytest

from harness.guest.console import Console
from harness.guest.files import Files
from harness.model.errors import DeadlineExceeded, GuestFault, GuestUnreachable
from harness.probe.answers.files import FileContent


class StandInConsole:
    """Answers `read` with bytes, or raises what the test put there for a path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | Exception] = {}
        self.notes: list[str] = []
        self.asked: list[str] = []

    @property
    def transcript(self) -> Any:
        return self

    def note(self, text: str) -> None:
        self.notes.append(text)

    def probe(self, _: type, *arguments: str) -> Any:
        path = arguments[-1]
        self.asked.append(path)
        found = self.files.get(path, GuestFault("no such file", code=2))
        if isinstance(found, Exception):
            raise found
        return FileContent.model_construct(path=path, size=len(found), base64=found)


@pytest.fixture
def console() -> StandInConsole:
    return StandInConsole()


@pytest.fixture
def files(console: StandInConsole) -> Files:
    return Files(cast("Console", console))


def test_a_guest_too_slow_to_hand_a_log_over_is_noted_and_not_asked_for_the_rest(
    files: Files, console: StandInConsole, tmp_path: Path
) -> None:
    console.files = {"C:\\a.log": b"a", "C:\\b.log": DeadlineExceeded("The answer", 60), "C:\\c.log": b"c"}
    saved = files.collect(list(console.files), tmp_path)
    assert [path.name for path in saved] == ["a.log"]
    assert console.asked == ["C:\\a.log", "C:\\b.log"]
    assert console.notes == [
        "not collected: C:\\b.log and what follows it: The answer did not happen within 60 s."
    ]


def test_a_file_that_is_not_there_is_noted_and_the_next_collected(
    files: Files, console: StandInConsole, tmp_path: Path
) -> None:
    console.files = {"C:\\c.log": b"c"}
    assert len(files.collect(["C:\\a.log", "C:\\c.log"], tmp_path)) == 1
    assert console.notes[0] == "not collected: C:\\a.log: no such file"


def test_a_guest_that_is_gone_is_said(files: Files, console: StandInConsole, tmp_path: Path) -> None:
    console.files = {"C:\\a.log": GuestUnreachable("gone")}
    with pytest.raises(GuestUnreachable):
        files.collect(["C:\\a.log"], tmp_path)
