"""What a failed installation has emptied is taken away on Wine, and nothing else is."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.lifecycle import removals_on_wine
from harness.lifecycle.removals_on_wine import LARGEST_EMPTIED, remove_rolled_back
from harness.model.candidate import InstallerKind
from harness.model.errors import GuestFault
from harness.model.report import ExcusedBy
from harness.model.substrate import GuestSystem

FILE = "C:\\ProgramData\\Acme\\agent.ini"
TABLES = {
    "Directory": (
        {"Directory": "TARGETDIR", "Directory_Parent": "", "DefaultDir": "SourceDir"},
        {"Directory": "CommonAppDataFolder", "Directory_Parent": "TARGETDIR", "DefaultDir": "."},
        {"Directory": "DATA", "Directory_Parent": "CommonAppDataFolder", "DefaultDir": "Acme"},
    ),
    "Component": ({"Component": "Main", "Attributes": "256"},),
    "IniFile": ({"FileName": "AGENT.INI|agent.ini", "DirProperty": "DATA", "Component_": "Main"},),
}


class Session:
    """A guest with one file, or none."""

    def __init__(self, content: bytes | None, system: GuestSystem = GuestSystem.WINE) -> None:
        self.content, self.excused = content, [""][:0]
        self.guest = SimpleNamespace(read_file=self.read_file, delete=self.delete)
        self.machine = SimpleNamespace(guest_system=system)

    def read_file(self, path: str, *, limit_bytes: int) -> bytes:
        assert path == FILE
        if self.content is None:
            raise GuestFault("there is no such file")
        return self.content[:limit_bytes]

    def delete(self, path: str) -> bool:
        assert path == FILE
        self.content = None
        return True

    def excuse(self, what: str, _why: str, *, by: ExcusedBy) -> None:
        assert by is ExcusedBy.SUBSTRATE
        self.excused.append(what)


def rolled_back(
    monkeypatch: pytest.MonkeyPatch, session: Session, kind: InstallerKind = InstallerKind.MSI
) -> Session:
    monkeypatch.setattr(removals_on_wine, "read_tables", lambda *_: TABLES)
    package = SimpleNamespace(kind=kind, path=Path("agent.msi"))
    remove_rolled_back(cast(Any, session), cast(Any, package), {})
    return session


@pytest.mark.parametrize("content", [b"", b"[agent]\r\n", "[agent]\r\n".encode("utf-16")])
def test_an_ini_file_without_a_value_goes_and_is_put_on_record(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    session = rolled_back(monkeypatch, Session(content))
    assert session.content is None
    assert session.excused == [FILE]


@pytest.mark.parametrize(
    "content", [b"[agent]\r\nsecret=x\r\n", b"; a note\r\n", b"[a]\r\n" * LARGEST_EMPTIED]
)
def test_one_in_which_anything_stands_is_the_candidates(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    session = rolled_back(monkeypatch, Session(content))
    assert session.content == content
    assert not session.excused


def test_where_there_is_none_nothing_is_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not rolled_back(monkeypatch, Session(None)).excused


def test_windows_and_other_installers_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rolled_back(monkeypatch, Session(b"", GuestSystem.WINDOWS)).content == b""
    assert rolled_back(monkeypatch, Session(b""), InstallerKind.EXE).content == b""
