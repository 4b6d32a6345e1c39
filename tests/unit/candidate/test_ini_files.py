"""Which .ini files a package writes into, and whether one is emptied."""

import pytest

from harness.candidate.msi_ini_files import ini_files, only_sections
from harness.candidate.msi_tables import Row
from tests.unit.candidate.test_removals import DATA, tables


def row(component: str, file: str, folder: str, key: str = "server") -> Row:
    return {
        "IniFile": f"{component}{key}",
        "FileName": file,
        "DirProperty": folder,
        "Section": "agent",
        "Key": key,
        "Value": "x",
        "Action": "0",
        "Component_": component,
    }


def test_each_file_is_named_once_by_its_long_name() -> None:
    rows = (
        row("Main", "AGENT~1.CON|agent.conf", "DATA"),
        row("Main", "AGENT~1.CON|agent.conf", "DATA", "port"),
    )
    assert ini_files(tables(IniFile=rows), {}) == (f"{DATA}\\agent.conf",)


@pytest.mark.parametrize(
    "other",
    [
        row("Stays", "agent.conf", "DATA"),
        row("Main", "agent.conf", ""),  # the Windows folder's
        row("Main", "agent.conf", "FOUND"),
        row("Main", "[NAME].conf", "DATA"),
    ],
)
def test_one_that_stays_or_that_nobody_knows_is_not(other: Row) -> None:
    assert ini_files(tables(IniFile=(other,)), {}) == ()


@pytest.mark.parametrize(
    ("content", "emptied"),
    [
        (b"[agent]\r\n", True),
        (b"", True),
        (b"\r\n[agent]\r\n\r\n[other part]\r\n", True),
        ("[agent]\r\n".encode("utf-16"), True),
        (b"[agent]\r\nserver=x\r\n", False),
        (b"; written by the agent\r\n[agent]\r\n", False),
        ("[agent]\r\nserver=x\r\n".encode("utf-16"), False),
    ],
)
def test_only_one_with_sections_and_nothing_else_is_emptied(content: bytes, *, emptied: bool) -> None:
    assert only_sections(content) is emptied
