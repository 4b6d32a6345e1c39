"""What comes from candidates, files and guests is shown as it is."""

from pathlib import Path

import pytest
from rich.table import Table

from harness.cli import doctor, plan
from harness.cli.output import Output
from harness.machines.provider import Finding
from tests.unit.gate.samples import CANDIDATE, a_cell, a_plan

NAME = "Agent [b]bold[/b] [/] :bug:"
CANDIDATE_FILE = "agent [x64] :gem:.msi"


def test_no_part_of_a_text_is_taken_for_a_style_or_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    console = Output(soft_wrap=True)
    console.print(f"{NAME}: 3 cells", style="dim")
    table = Table(box=None)
    table.add_column("name")
    table.add_row(NAME)
    console.print(table)
    assert capsys.readouterr().out.count(NAME) == 2


def test_a_plan_shows_any_product_name_and_file(capsys: pytest.CaptureFixture[str]) -> None:
    candidate = CANDIDATE.model_copy(update={"product_name": NAME, "path": Path("/x") / CANDIDATE_FILE})
    plan._show(a_plan(a_cell()).model_copy(update={"candidate": candidate}), (), "embedded")
    assert f"{NAME} 1.2.3  {CANDIDATE_FILE}" in capsys.readouterr().out


def test_the_doctor_shows_any_detail_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    found = Finding(subject="disk", ok=False, detail=NAME, remedy="mount [/dev/sdb]", required=True)
    doctor._show([("pool", found)])
    assert f"✘  disk  {NAME}  → mount [/dev/sdb]" in capsys.readouterr().out


def test_names_keep_their_ends_where_no_terminal_says_how_wide_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    cell = a_cell("server-2012-r2/reboot-and-upgrade/japanese-locale")
    plan._show(a_plan(cell), (), "embedded")
    assert cell.id in capsys.readouterr().out
